import { WriterPool } from "../lib/writer-pool.ts";
import { HAS_X, LARGE } from "../lib/rules.ts";
import { ensure, family } from "../lib/scenario.ts";
import { all, filtered, one } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

export const order = family("order", [
  [
    "many-writers",
    "Changes of many writers arrive at every client in the order of their commits.",
    async (stage) => {
      await stage.start();
      for (let i = 0; i < 8; i += 1) await stage.listen([all("notes"), all("diaries")], stage.user(i % 4));
      const crowd = new WriterPool(stage, "crowd", ["notes", "diaries"]).start(24);
      await crowd.answered(600);
      await crowd.stop();
      await stage.settle();
    },
    ["short"],
  ],
  [
    "one-record",
    "Updates of one record by many arrive in the order in which they were stored.",
    async (stage) => {
      await stage.start();
      const [id] = await createMany(stage, "notes", 1);
      const listener = await stage.listen([one("notes", id!), all("notes")]);
      const writers = await Promise.all(Array.from({ length: 8 }, () => stage.writer()));
      await Promise.all(
        writers.map(async (writer, w) => {
          for (let i = 0; i < 40; i += 1) await writer.update("notes", id!, { title: `${w}.${i}` });
          writer.close();
        }),
      );
      await stage.settle();
      const stored = await stage.stored("notes");
      const last = listener.connection.inbox.items.findLast(({ event }) => event === "notes/*")!;
      ensure(JSON.parse(last.data).record.title === stored[0]!["title"], "the last event is not what is stored");
    },
  ],
  [
    "many-topics",
    "A change that a client hears on several topics comes once on each, and its cursor with the last of them only.",
    async (stage) => {
      await stage.start();
      const ids = await createMany(stage, "notes", 5);
      const topics = [...ids.map((id) => one("notes", id)), filtered("notes", HAS_X), filtered("notes", LARGE)];
      const listener = await stage.listen([all("notes"), ...topics]);
      using writer = await stage.writer();
      for (let i = 0; i < 100; i += 1) await writer.update("notes", ids[i % 5]!, { title: `x ${i}`, size: i });
      await stage.settle();
      const heard = listener.connection.inbox.items.slice(0, -1);
      const cursors = heard.filter(({ id }) => id !== undefined);
      ensure(cursors.length === 100, `100 changes came with ${cursors.length} cursors`);
      ensure(heard.length > 250, "the change did not come on each of its topics");
    },
    ["short"],
  ],
  [
    "cut-between-topics",
    "A client that is cut between two topics of one change gets that change whole when it comes back.",
    async (stage) => {
      await stage.start();
      const [id] = await createMany(stage, "notes", 1);
      const topics = [all("notes"), one("notes", id!), filtered("notes", HAS_X)];
      const listeners = [await stage.listen(topics), await stage.newcomer(topics)];
      using writer = await stage.writer();
      for (let i = 0; i < 10; i += 1) {
        // Large enough that its events do not come in one piece.
        await writer.update("notes", id!, { title: `x ${i}`, body: "x".repeat(stage.random.int(60_000, 80_000)) });
        for (const listener of listeners) {
          if (listener.sessions.length === 0) await listener.connect(stage);
          const { inbox } = listener.connection;
          const some = stage.random.int(1, 3);
          await inbox.until(({ length }) => length >= some);
          await listener.drop();
          await listener.connect(stage);
        }
      }
      await stage.settle();
    },
    ["some seeds"],
  ],
  [
    "going-live",
    "A client that goes live while others write misses nothing between the replay and the stream.",
    async (stage) => {
      await stage.start();
      // Who may see a message has to be looked up: somebody may come while that is asked.
      await stage.addRoom(stage.world.users.map(({ id }) => id));
      const crowd = new WriterPool(stage, "crowd", ["notes", "messages"]).start(8);
      for (let i = 0; i < 30; i += 1) {
        await crowd.answered(i * 10);
        await stage.listen([all("notes"), all("messages")], stage.user(i % 4));
      }
      await crowd.stop();
      await stage.settle();
    },
  ],
  [
    "again-and-again",
    "A client that says over and over what it listens to misses nothing by saying it.",
    async (stage) => {
      await stage.start();
      // Who may see a message has to be looked up: somebody may subscribe while that is asked.
      await stage.addRoom(stage.world.users.map(({ id }) => id));
      const listeners = await Promise.all([0, 1, 2, 3].map((i) => stage.listen([all("messages")], stage.user(i))));
      const crowd = new WriterPool(stage, "crowd", ["messages"]).start(8);
      const saying = listeners.map(async ({ connection, account, topics }) => {
        const names = topics.map(({ name }) => name);
        while (crowd.written.items.length < 400) await connection.subscribe(names, account.token);
      });
      await Promise.all(saying);
      await crowd.stop();
      await stage.settle();
    },
  ],
  [
    "cascade",
    "A deletion and all that goes with it arrive in the order of the log.",
    async (stage) => {
      await stage.start();
      const notes = await createMany(stage, "notes", 4);
      await createMany(stage, "comments", 200, (i) => ({ title: `comment ${i}`, note: notes[i % 4] }), 4);
      const listener = await stage.listen([all("comments"), all("notes")]);
      using writer = await stage.writer();
      for (const note of notes) await writer.remove("notes", note);
      await stage.settle();
      const deleted = listener.connection.inbox.items.filter(({ data }) => data.endsWith('"action":"delete"}'));
      ensure(deleted.length === 204, `of 204 deletions ${deleted.length} came`);
    },
  ],
]);
