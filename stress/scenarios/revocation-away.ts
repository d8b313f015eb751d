import { setPassword } from "../lib/accounts.ts";
import { privateEvents } from "../lib/listener.ts";
import { EVERYBODY, NOBODY, OPEN } from "../lib/rules.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

/** Access that is revoked while clients are offline or in a replay. */
export const revocationAway = family("revocation", [
  [
    "in-replay",
    "A password change during a replay stops the replay of private changes.",
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
    "A rule closed during a replay stops it, even if the same replay serves several clients.",
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
    "while-offline",
    "A client that reconnects with a revoked token gets what a guest may see.",
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
      ensure(privateEvents(listener) === 30, "a guest got something other than the 30 notes");
    },
  ],
  [
    "member-while-offline",
    "A user who left a room gets no replay of its messages, even those already delivered to members.",
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
      ensure(privateEvents(early) === 30, "a member did not get the room's messages");
    },
  ],
  [
    "rule-while-offline",
    "After a rule is narrowed, a replay contains only what the new rule allows.",
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
      ensure(privateEvents(early) === 40, "the wider rule did not pass everything");
      ensure(privateEvents(late) === 10, "the narrower rule passed something other than the 10 open records");
    },
  ],
]);
