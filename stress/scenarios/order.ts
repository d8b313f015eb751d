import { WriterPool } from "../lib/writer-pool.ts";
import { HAS_X, LARGE } from "../lib/rules.ts";
import { ensure, family } from "../lib/scenario.ts";
import { all, filtered, one } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

export const order = family("order", [
  [
    "many-writers",
    "Changes of many writers arrive at every client in the order of their commits.",
    async (run) => {
      await run.start();
      for (let i = 0; i < 8; i += 1) await run.connectListener([all("notes"), all("diaries")], run.user(i % 4));
      const crowd = new WriterPool(run, "crowd", ["notes", "diaries"]).start(24);
      await crowd.answered(600);
      await crowd.stop();
      await run.settle();
    },
    ["short"],
  ],
  [
    "one-record",
    "Updates of one record by many arrive in the order in which they were stored.",
    async (run) => {
      await run.start();
      const [id] = await createMany(run, "notes", 1);
      const listener = await run.connectListener([one("notes", id!), all("notes")]);
      const writers = await Promise.all(Array.from({ length: 8 }, () => run.writer()));
      await Promise.all(
        writers.map(async (writer, w) => {
          for (let i = 0; i < 40; i += 1) await writer.update("notes", id!, { title: `${w}.${i}` });
          writer.close();
        }),
      );
      await run.settle();
      const stored = await run.stored("notes");
      const last = listener.connection.inbox.items.findLast(({ event }) => event === "notes/*")!;
      ensure(JSON.parse(last.data).record.title === stored[0]!["title"], "the last event is not what is stored");
    },
  ],
  [
    "many-topics",
    "A change that a client hears on several topics comes once on each, and its cursor with the last of them only.",
    async (run) => {
      await run.start();
      const ids = await createMany(run, "notes", 5);
      const topics = [...ids.map((id) => one("notes", id)), filtered("notes", HAS_X), filtered("notes", LARGE)];
      const listener = await run.connectListener([all("notes"), ...topics]);
      using writer = await run.writer();
      for (let i = 0; i < 100; i += 1) await writer.update("notes", ids[i % 5]!, { title: `x ${i}`, size: i });
      await run.settle();
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
    async (run) => {
      await run.start();
      const [id] = await createMany(run, "notes", 1);
      const topics = [all("notes"), one("notes", id!), filtered("notes", HAS_X)];
      const listeners = [await run.connectListener(topics), await run.addListener(topics)];
      using writer = await run.writer();
      for (let i = 0; i < 10; i += 1) {
        // Large enough that its events do not come in one piece.
        await writer.update("notes", id!, { title: `x ${i}`, body: "x".repeat(run.random.int(60_000, 80_000)) });
        for (const listener of listeners) {
          if (listener.sessions.length === 0) await listener.connect(run);
          const { inbox } = listener.connection;
          const some = run.random.int(1, 3);
          await inbox.until(({ length }) => length >= some);
          await listener.drop();
          await listener.connect(run);
        }
      }
      await run.settle();
    },
    ["some seeds"],
  ],
  [
    "going-live",
    "A client that goes live while others write misses nothing between the replay and the stream.",
    async (run) => {
      await run.start();
      // Who may see a message has to be looked up: somebody may come while that is asked.
      await run.addRoom(run.seedFolder.users.map(({ id }) => id));
      const crowd = new WriterPool(run, "crowd", ["notes", "messages"]).start(8);
      for (let i = 0; i < 30; i += 1) {
        await crowd.answered(i * 10);
        await run.connectListener([all("notes"), all("messages")], run.user(i % 4));
      }
      await crowd.stop();
      await run.settle();
    },
  ],
  [
    "again-and-again",
    "A client that says over and over what it listens to misses nothing by saying it.",
    async (run) => {
      await run.start();
      // Who may see a message has to be looked up: somebody may subscribe while that is asked.
      await run.addRoom(run.seedFolder.users.map(({ id }) => id));
      const listeners = await Promise.all([0, 1, 2, 3].map((i) => run.connectListener([all("messages")], run.user(i))));
      const crowd = new WriterPool(run, "crowd", ["messages"]).start(8);
      const saying = listeners.map(async ({ connection, account, topics }) => {
        const names = topics.map(({ name }) => name);
        while (crowd.written.items.length < 400) await connection.subscribe(names, account.token);
      });
      await Promise.all(saying);
      await crowd.stop();
      await run.settle();
    },
  ],
  [
    "cascade",
    "A deletion and all that goes with it arrive in the order of the log.",
    async (run) => {
      await run.start();
      const notes = await createMany(run, "notes", 4);
      await createMany(run, "comments", 200, (i) => ({ title: `comment ${i}`, note: notes[i % 4] }), 4);
      const listener = await run.connectListener([all("comments"), all("notes")]);
      using writer = await run.writer();
      for (const note of notes) await writer.remove("notes", note);
      await run.settle();
      const deleted = listener.connection.inbox.items.filter(({ data }) => data.endsWith('"action":"delete"}'));
      ensure(deleted.length === 204, `of 204 deletions ${deleted.length} came`);
    },
  ],
]);
