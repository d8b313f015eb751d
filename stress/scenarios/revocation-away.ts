import { setPassword } from "../lib/accounts.ts";
import { privateEvents } from "../lib/listener.ts";
import { EVERYBODY, NOBODY, OPEN } from "../lib/rules.ts";
import { ensure, family } from "../lib/scenario.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

/** What is taken from clients while they are away, or while they are given what they missed. */
export const revocationAway = family("revocation", [
  [
    "in-replay",
    "A password that changes in the middle of a replay ends the replay of what is private.",
    async (run) => {
      await run.start();
      const listener = await run.addListener([all("inner"), all("notes")], run.user(0));
      await createMany(run, "inner", 3_000, undefined, 16);
      await createMany(run, "notes", 20);
      await listener.connect(run);
      await listener.connection.inbox.until(({ length }) => length > 0);
      await setPassword(run.admin, run.seedFolder.users[0]!.id, "another password");
      await createMany(run, "inner", 20);
      await run.settle();
    },
    ["some seeds", "short"],
  ],
  [
    "rule-in-replay",
    "A rule that is closed in the middle of a replay ends it, whoever else is being told the same.",
    async (run) => {
      await run.start();
      await run.editRule("changing", EVERYBODY);
      for (let i = 0; i < 6; i += 1) await run.addListener([all("changing")], i < 4 ? run.user(i) : run.guest);
      await createMany(run, "changing", 2_000, undefined, 16);
      await Promise.all(run.listeners.map((listener) => listener.connect(run)));
      await run.listeners[0]!.connection.inbox.until(({ length }) => length > 0);
      await run.editRule("changing", NOBODY);
      await createMany(run, "changing", 20);
      await run.settle();
    },
    ["some seeds"],
  ],
  [
    "while-away",
    "Who comes back with a token that was revoked meanwhile is told what a guest may see.",
    async (run) => {
      await run.start();
      const listener = await run.connectListener([all("inner"), all("notes")], run.user(0));
      const witness = await run.connectListener([all("inner")], run.superuser);
      await run.settle();
      await listener.drop();
      for (const collection of ["inner", "notes"]) await createMany(run, collection, 30);
      await setPassword(run.admin, run.seedFolder.users[0]!.id, "another password");
      await run.settle([witness]);
      await listener.connect(run);
      await run.settle();
      ensure(privateEvents(listener) === 30, "a guest was told something else than the thirty notes");
    },
  ],
  [
    "member-while-away",
    "What others were told of a room is not told again to who has left it since.",
    async (run) => {
      await run.start();
      const user = run.seedFolder.users[0]!.id;
      const room = await run.addRoom([user]);
      const since = await run.cursor();
      await createMany(run, "messages", 30, (i) => ({ title: `message ${i}`, room }));
      const early = await run.addListener([all("messages")], run.user(0), since);
      await early.connect(run);
      await run.settle();
      await run.admin.update("rooms", room, { members: [] });
      await run.settle();
      const late = await run.addListener([all("messages")], run.user(0), since);
      await late.connect(run);
      await run.settle();
      ensure(privateEvents(early) === 30, "a member was not told of the room");
    },
  ],
  [
    "rule-while-away",
    "What others were told under a wider rule is not told again after it was narrowed.",
    async (run) => {
      await run.start();
      await run.editRule("changing", EVERYBODY);
      const since = await run.cursor();
      await createMany(run, "changing", 40, (i) => ({ title: `changing ${i}`, open: i % 4 === 0 }));
      const early = await run.addListener([all("changing")], run.guest, since);
      await early.connect(run);
      await run.settle();
      await run.editRule("changing", OPEN);
      await run.settle();
      const late = await run.addListener([all("changing")], run.guest, since);
      await late.connect(run);
      await run.settle();
      ensure(privateEvents(early) === 40, "the wider rule did not let everything through");
      ensure(privateEvents(late) === 10, "the narrower rule let other things through than the ten that are open");
    },
  ],
]);
