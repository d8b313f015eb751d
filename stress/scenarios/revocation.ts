import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { setPassword, signInAgain } from "../lib/accounts.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import { privateEvents } from "../lib/listener.ts";
import { EVERYBODY, NOBODY, OPEN, SIGNED_IN } from "../lib/rules.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import type { ScenarioRun } from "../lib/scenario-run.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

const PRIVATE = ["inner", "diaries", "plans"];

/** Connects every user, starts writers, and revokes or changes access while they write. */
async function duringWrites(
  run: ScenarioRun,
  collections: readonly string[],
  changeAccess: () => Promise<unknown>,
): Promise<void> {
  await run.start();
  const topics = [...new Set([...collections, "diaries"])].map(all);
  for (const [i] of run.seedFolder.users.entries()) await run.connectListener(topics, run.user(i));
  const writers = new WriterPool(run, "writers", collections).start(6);
  await writers.answered(run.random.int(40, 120));
  await changeAccess();
  await writers.answered(writers.written.items.length + 80);
  await writers.stop();
  await run.settle();
}

export const revocation = family("revocation", [
  [
    "password",
    "A new password turns a user's streams into guest streams, and no private change committed later reaches them.",
    (run) => duringWrites(run, PRIVATE, () => setPassword(run.admin, run.seedFolder.users[0]!.id, "another password")),
    ["some seeds", "short"],
  ],
  [
    "deletion",
    "A deleted user gets no private change committed later, not even to their own records.",
    (run) =>
      duringWrites(run, ["inner"], async () => {
        const { id } = run.seedFolder.users[0]!;
        await createMany(run, "diaries", 10, (i) => ({ title: `diary ${i}`, owner: id }));
        await run.admin.request("DELETE", `/api/collections/users/records/${id}`);
      }),
  ],
  [
    "auth-field",
    "A rule that reads a field of the user applies the new value as soon as the field changes.",
    (run) =>
      duringWrites(run, ["plans"], async () => {
        for (const name of ["bob", "nobody", "ann"]) {
          await run.admin.update("users", run.seedFolder.users[0]!.id, { name });
          await createMany(run, "plans", 20, (i) => ({ title: `${name} ${i}`, crew: name }));
        }
      }),
  ],
  [
    "rule",
    "An edited rule applies to open streams from its own seq on.",
    (run) =>
      duringWrites(run, ["changing"], async () => {
        for (const rule of [EVERYBODY, NOBODY, SIGNED_IN, OPEN, NOBODY, EVERYBODY]) {
          await run.editRule("changing", rule);
          await createMany(run, "changing", 10);
        }
      }),
    ["some seeds", "short"],
  ],
  [
    "members",
    "A user who leaves a room gets no further messages, and a user who joins gets all further ones.",
    async (run) => {
      await run.start();
      const room = await run.addRoom([run.seedFolder.users[0]!.id, run.seedFolder.users[1]!.id]);
      for (const i of [0, 1, 2]) await run.connectListener([all("messages")], run.user(i));
      for (const members of [[1, 2], [], [0, 1, 2], [2]]) {
        const ids = members.map((i) => run.seedFolder.users[i]!.id);
        await createMany(run, "messages", 15, (i) => ({ title: `message ${i}`, room }));
        await run.settle();
        await run.admin.update("rooms", room, { members: ids });
        await createMany(run, "messages", 15, (i) => ({ title: `later ${i}`, room }));
        await run.settle();
      }
    },
    ["short"],
  ],
  [
    "other-collection",
    "A rule that reads another collection follows what is stored there.",
    async (run) => {
      await run.start();
      const holder = run.seedFolder.users[0]!.id;
      for (const i of [0, 1]) await run.connectListener([all("vault")], run.user(i));
      for (let round = 0; round < 4; round += 1) {
        const pass = await run.admin.create("passes", { holder });
        await createMany(run, "vault", 10);
        await run.settle();
        await run.admin.request("DELETE", `/api/collections/passes/records/${pass.id}`);
        await createMany(run, "vault", 10);
        await run.settle();
      }
    },
  ],
  [
    "kill",
    "Access revoked before a kill -9 stays revoked after it.",
    async (run) => {
      await run.start();
      const listener = await run.connectListener([all("inner"), all("changing")], run.user(0));
      await setPassword(run.admin, run.seedFolder.users[0]!.id, "another password");
      await run.editRule("changing", NOBODY);
      await run.restart();
      for (const collection of ["inner", "changing"]) await createMany(run, collection, 20);
      await listener.ended();
      await listener.connect(run);
      for (const collection of ["inner", "changing"]) await createMany(run, collection, 20);
      await run.settle();
      ensure(privateEvents(listener) === 0, "a private change was delivered");
    },
  ],
  [
    "new-token",
    "A user who signs in again after a password change gets everything missed, private or not.",
    async (run) => {
      await run.start();
      const { id } = run.seedFolder.users[0]!;
      const listener = await run.connectListener([all("inner")], run.user(0));
      await run.settle();
      await listener.drop();
      await createMany(run, "inner", 30);
      await setPassword(run.admin, id, "another password");
      await createMany(run, "inner", 30);
      listener.account = await signInAgain(run.admin, id, run.dir);
      await listener.connect(run);
      await run.settle();
      ensure(privateEvents(listener) === 60, "not everything that was missed was delivered");
    },
  ],
  [
    "stalled",
    "A stalled reader whose account is deleted gets nothing committed later, however late it reads.",
    async (run) => {
      await run.start();
      const listener = await run.connectListener([all("inner")], run.user(0));
      const witness = await run.connectListener([all("inner")], run.superuser);
      listener.connection.pause();
      await createMany(run, "inner", 50);
      await run.admin.request("DELETE", `/api/collections/users/records/${run.seedFolder.users[0]!.id}`);
      await createMany(run, "inner", 50);
      await run.settle([witness]);
      listener.connection.resume();
      await run.settle();
    },
  ],
  [
    "all-tokens",
    "A new token secret of the collection turns all its users into guests at once.",
    async (run) => {
      await run.start();
      for (const [i] of run.seedFolder.users.entries()) await run.connectListener([all("inner")], run.user(i));
      await createMany(run, "inner", 10);
      await run.settle();
      const listeners = [...run.listeners];
      // A new auth rule also resets the secret, as in PocketBase.
      await run.admin.updateCollection("users", { authRule: "verified = true" });
      await createMany(run, "inner", 10);
      await run.settle();
      for (const listener of listeners) {
        ensure(privateEvents(listener) === 10, `${listener.name} got ${privateEvents(listener)} changes instead of 10`);
        run.exclude(listener);
        run.compared(10);
      }
    },
  ],
  [
    "recreated-collection",
    "A collection recreated under the same name uses its own rules, and has no older changes.",
    async (run) => {
      await run.start();
      await run.editRule("changing", EVERYBODY);
      const since = await run.cursor();
      const early = await run.connectListener([all("changing")]);
      await createMany(run, "changing", 10);
      await run.settle();
      await run.admin.request("DELETE", "/api/collections/changing");
      const fields = [{ name: "title", type: "text" }];
      await run.admin.createCollection({ name: "changing", type: "base", fields, listRule: null, createRule: "" });
      await createMany(run, "changing", 10, (i) => ({ title: `recreated ${i}` }));
      const late = await run.addListener([all("changing")], run.guest, since);
      await late.connect(run);
      await run.settle();
      ensure(privateEvents(early) === 10, "a change of the closed collection was delivered");
      const changing = late.connection.inbox.items.filter(({ event }) => event.startsWith("changing"));
      ensure(changing.length === 0, "a change of the deleted collection, or of the closed one, was delivered");
      for (const listener of [early, late]) run.exclude(listener);
      run.compared(20);
    },
  ],
  [
    "slow-body",
    "A subscribe request whose token is revoked before its last byte arrives counts as a guest's.",
    async (run) => {
      await run.start();
      const [client, witness] = [await SseClient.connect(run.url), await run.connectListener([])];
      using connection = await RawConnection.open(run.url);
      const body = JSON.stringify({ clientId: client.id, subscriptions: ["inner/*", "marks/*"] });
      const head = `content-type: application/json\r\ncontent-length: ${body.length}\r\nhost: localhost`;
      const { token } = run.user(0);
      connection.write(`POST /api/realtime HTTP/1.1\r\nauthorization: ${token}\r\n${head}\r\n\r\n${body.slice(0, -1)}`);
      // By the time the server delivers the password change, it has read the token.
      await setPassword(run.admin, run.seedFolder.users[0]!.id, "another password");
      await run.settle([witness]);
      connection.write("}");
      const response = await connection.response();
      ensure(response?.status === 204, `the subscribe request returned ${response?.status}`);
      await createMany(run, "inner", 10);
      await run.settle();
      await client.inbox.until((events) => events.some(({ event }) => event === "marks/*"));
      const received = client.events.filter(({ event }) => event === "inner/*").length;
      client.close();
      ensure(received === 0, `a client without a valid token got ${received} private changes`);
    },
    ["short"],
  ],
]);
