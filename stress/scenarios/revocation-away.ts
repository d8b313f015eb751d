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
    async (stage) => {
      await stage.start();
      const listener = await stage.newcomer([all("inner"), all("notes")], stage.user(0));
      await createMany(stage, "inner", 3_000, undefined, 16);
      await createMany(stage, "notes", 20);
      await listener.connect(stage);
      await listener.connection.inbox.until(({ length }) => length > 0);
      await setPassword(stage.admin, stage.world.users[0]!.id, "another password");
      await createMany(stage, "inner", 20);
      await stage.settle();
    },
    ["some seeds", "short"],
  ],
  [
    "rule-in-replay",
    "A rule that is closed in the middle of a replay ends it, whoever else is being told the same.",
    async (stage) => {
      await stage.start();
      await stage.editRule("changing", EVERYBODY);
      for (let i = 0; i < 6; i += 1) await stage.newcomer([all("changing")], i < 4 ? stage.user(i) : stage.guest);
      await createMany(stage, "changing", 2_000, undefined, 16);
      await Promise.all(stage.listeners.map((listener) => listener.connect(stage)));
      await stage.listeners[0]!.connection.inbox.until(({ length }) => length > 0);
      await stage.editRule("changing", NOBODY);
      await createMany(stage, "changing", 20);
      await stage.settle();
    },
    ["some seeds"],
  ],
  [
    "while-away",
    "Who comes back with a token that was revoked meanwhile is told what a guest may see.",
    async (stage) => {
      await stage.start();
      const listener = await stage.listen([all("inner"), all("notes")], stage.user(0));
      const witness = await stage.listen([all("inner")], stage.superuser);
      await stage.settle();
      await listener.drop();
      for (const collection of ["inner", "notes"]) await createMany(stage, collection, 30);
      await setPassword(stage.admin, stage.world.users[0]!.id, "another password");
      await stage.settle([witness]);
      await listener.connect(stage);
      await stage.settle();
      ensure(privateEvents(listener) === 30, "a guest was told something else than the thirty notes");
    },
  ],
  [
    "member-while-away",
    "What others were told of a room is not told again to who has left it since.",
    async (stage) => {
      await stage.start();
      const user = stage.world.users[0]!.id;
      const room = await stage.addRoom([user]);
      const since = await stage.cursor();
      await createMany(stage, "messages", 30, (i) => ({ title: `message ${i}`, room }));
      const early = await stage.newcomer([all("messages")], stage.user(0), since);
      await early.connect(stage);
      await stage.settle();
      await stage.admin.update("rooms", room, { members: [] });
      await stage.settle();
      const late = await stage.newcomer([all("messages")], stage.user(0), since);
      await late.connect(stage);
      await stage.settle();
      ensure(privateEvents(early) === 30, "a member was not told of the room");
    },
  ],
  [
    "rule-while-away",
    "What others were told under a wider rule is not told again after it was narrowed.",
    async (stage) => {
      await stage.start();
      await stage.editRule("changing", EVERYBODY);
      const since = await stage.cursor();
      await createMany(stage, "changing", 40, (i) => ({ title: `changing ${i}`, open: i % 4 === 0 }));
      const early = await stage.newcomer([all("changing")], stage.guest, since);
      await early.connect(stage);
      await stage.settle();
      await stage.editRule("changing", OPEN);
      await stage.settle();
      const late = await stage.newcomer([all("changing")], stage.guest, since);
      await late.connect(stage);
      await stage.settle();
      ensure(privateEvents(early) === 40, "the wider rule did not let everything through");
      ensure(privateEvents(late) === 10, "the narrower rule let other things through than the ten that are open");
    },
  ],
]);
