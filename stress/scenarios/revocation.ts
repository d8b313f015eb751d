import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { setPassword, signInAgain } from "../lib/accounts.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import { privateEvents } from "../lib/listener.ts";
import { EVERYBODY, NOBODY, OPEN, SIGNED_IN } from "../lib/rules.ts";
import { ensure, family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

const PRIVATE = ["inner", "diaries", "plans"];

/** Each of the users listens while a crowd writes; in between something happens to them. */
async function amid(stage: ScenarioRun, collections: readonly string[], act: () => Promise<unknown>): Promise<void> {
  await stage.start();
  const topics = [...new Set([...collections, "diaries"])].map(all);
  for (const [i] of stage.world.users.entries()) await stage.listen(topics, stage.user(i));
  const crowd = new WriterPool(stage, "crowd", collections).start(6);
  await crowd.answered(stage.random.int(40, 120));
  await act();
  await crowd.answered(crowd.written.items.length + 80);
  await crowd.stop();
  await stage.settle();
}

export const revocation = family("revocation", [
  [
    "password",
    "A new password makes guests of a user's streams, and nothing that is committed later reaches them.",
    (stage) => amid(stage, PRIVATE, () => setPassword(stage.admin, stage.world.users[0]!.id, "another password")),
    ["some seeds", "short"],
  ],
  [
    "deletion",
    "A user who is deleted hears nothing private of what is committed later, their own last records included.",
    (stage) =>
      amid(stage, ["inner"], async () => {
        const { id } = stage.world.users[0]!;
        await createMany(stage, "diaries", 10, (i) => ({ title: `diary ${i}`, owner: id }));
        await stage.admin.request("DELETE", `/api/collections/users/records/${id}`);
      }),
  ],
  [
    "name",
    "A rule that reads a field of the user follows that field from its change on.",
    (stage) =>
      amid(stage, ["plans"], async () => {
        for (const name of ["bob", "nobody", "ann"]) {
          await stage.admin.update("users", stage.world.users[0]!.id, { name });
          await createMany(stage, "plans", 20, (i) => ({ title: `${name} ${i}`, crew: name }));
        }
      }),
  ],
  [
    "rule",
    "A rule that is edited holds from its own place in the log on, for streams that are open.",
    (stage) =>
      amid(stage, ["changing"], async () => {
        for (const rule of [EVERYBODY, NOBODY, SIGNED_IN, OPEN, NOBODY, EVERYBODY]) {
          await stage.editRule("changing", rule);
          await createMany(stage, "changing", 10);
        }
      }),
    ["some seeds", "short"],
  ],
  [
    "members",
    "Who leaves a room hears nothing more of it, and who enters hears what is said from then on.",
    async (stage) => {
      await stage.start();
      const room = await stage.addRoom([stage.world.users[0]!.id, stage.world.users[1]!.id]);
      for (const i of [0, 1, 2]) await stage.listen([all("messages")], stage.user(i));
      for (const members of [[1, 2], [], [0, 1, 2], [2]]) {
        const ids = members.map((i) => stage.world.users[i]!.id);
        await createMany(stage, "messages", 15, (i) => ({ title: `message ${i}`, room }));
        await stage.settle();
        await stage.admin.update("rooms", room, { members: ids });
        await createMany(stage, "messages", 15, (i) => ({ title: `later ${i}`, room }));
        await stage.settle();
      }
    },
    ["short"],
  ],
  [
    "pass",
    "A rule that looks into another collection follows what is stored there.",
    async (stage) => {
      await stage.start();
      const holder = stage.world.users[0]!.id;
      for (const i of [0, 1]) await stage.listen([all("vault")], stage.user(i));
      for (let round = 0; round < 4; round += 1) {
        const pass = await stage.admin.create("passes", { holder });
        await createMany(stage, "vault", 10);
        await stage.settle();
        await stage.admin.request("DELETE", `/api/collections/passes/records/${pass.id}`);
        await createMany(stage, "vault", 10);
        await stage.settle();
      }
    },
  ],
  [
    "kill",
    "What was revoked before a kill -9 is revoked after it.",
    async (stage) => {
      await stage.start();
      const listener = await stage.listen([all("inner"), all("changing")], stage.user(0));
      await setPassword(stage.admin, stage.world.users[0]!.id, "another password");
      await stage.editRule("changing", NOBODY);
      await stage.restart();
      for (const collection of ["inner", "changing"]) await createMany(stage, collection, 20);
      await listener.ended();
      await listener.connect(stage);
      for (const collection of ["inner", "changing"]) await createMany(stage, collection, 20);
      await stage.settle();
      ensure(privateEvents(listener) === 0, "something private was told");
    },
  ],
  [
    "new-token",
    "Who signs in again with the new password is told what was missed, private or not.",
    async (stage) => {
      await stage.start();
      const { id } = stage.world.users[0]!;
      const listener = await stage.listen([all("inner")], stage.user(0));
      await stage.settle();
      await listener.drop();
      await createMany(stage, "inner", 30);
      await setPassword(stage.admin, id, "another password");
      await createMany(stage, "inner", 30);
      listener.account = await signInAgain(stage.admin, id, stage.dir);
      await listener.connect(stage);
      await stage.settle();
      ensure(privateEvents(listener) === 60, "not everything that was missed was told");
    },
  ],
  [
    "stalled",
    "A reader who stalls while its account goes gets nothing that was committed later, however late it reads.",
    async (stage) => {
      await stage.start();
      const listener = await stage.listen([all("inner")], stage.user(0));
      const witness = await stage.listen([all("inner")], stage.superuser);
      listener.connection.pause();
      await createMany(stage, "inner", 50);
      await stage.admin.request("DELETE", `/api/collections/users/records/${stage.world.users[0]!.id}`);
      await createMany(stage, "inner", 50);
      await stage.settle([witness]);
      listener.connection.resume();
      await stage.settle();
    },
  ],
  [
    "all-tokens",
    "A new token secret of the collection makes guests of all its users at once.",
    async (stage) => {
      await stage.start();
      for (const [i] of stage.world.users.entries()) await stage.listen([all("inner")], stage.user(i));
      await createMany(stage, "inner", 10);
      await stage.settle();
      const listeners = [...stage.listeners];
      // Another auth rule means another secret, as in PocketBase.
      await stage.admin.updateCollection("users", { authRule: "verified = true" });
      await createMany(stage, "inner", 10);
      await stage.settle();
      for (const listener of listeners) {
        ensure(
          privateEvents(listener) === 10,
          `${listener.name} was told of ${privateEvents(listener)} changes, not 10`,
        );
        stage.takeOut(listener);
        stage.compared(10);
      }
    },
  ],
  [
    "same-name",
    "A collection that is made anew under an old name is judged by its own rules, also for what came before.",
    async (stage) => {
      await stage.start();
      await stage.editRule("changing", EVERYBODY);
      const since = await stage.cursor();
      const early = await stage.listen([all("changing")]);
      await createMany(stage, "changing", 10);
      await stage.settle();
      await stage.admin.request("DELETE", "/api/collections/changing");
      const fields = [{ name: "title", type: "text" }];
      await stage.admin.createCollection({ name: "changing", type: "base", fields, listRule: null, createRule: "" });
      await createMany(stage, "changing", 10, (i) => ({ title: `anew ${i}` }));
      const late = await stage.newcomer([all("changing")], stage.guest, since);
      await late.connect(stage);
      await stage.settle();
      ensure(privateEvents(early) === 10, "a closed collection was told of");
      ensure(privateEvents(late) === 0, "what a closed collection was before was told of");
      for (const listener of [early, late]) stage.takeOut(listener);
      stage.compared(20);
    },
  ],
  [
    "slow-body",
    "A subscription whose token is revoked before its last byte is there is a guest's.",
    async (stage) => {
      await stage.start();
      const [client, witness] = [await SseClient.connect(stage.url), await stage.listen([])];
      using connection = await RawConnection.open(stage.url);
      const body = JSON.stringify({ clientId: client.id, subscriptions: ["inner/*", "marks/*"] });
      const head = `content-type: application/json\r\ncontent-length: ${body.length}\r\nhost: localhost`;
      const { token } = stage.user(0);
      connection.write(`POST /api/realtime HTTP/1.1\r\nauthorization: ${token}\r\n${head}\r\n\r\n${body.slice(0, -1)}`);
      // The server has read the token by the time that it has stored a password and told of it.
      await setPassword(stage.admin, stage.world.users[0]!.id, "another password");
      await stage.settle([witness]);
      connection.write("}");
      const answer = await connection.response();
      ensure(answer?.status === 204, `the subscription was answered with ${answer?.status}`);
      await createMany(stage, "inner", 10);
      await stage.settle();
      await client.inbox.until((events) => events.some(({ event }) => event === "marks/*"));
      const told = client.events.filter(({ event }) => event === "inner/*").length;
      client.close();
      ensure(told === 0, `who has no valid token was told of ${told} private changes`);
    },
    ["short"],
  ],
]);
