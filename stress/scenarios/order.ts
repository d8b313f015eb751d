import { cursorScope } from "@headwater/protocol";
import { WriterPool } from "../lib/writer-pool.ts";
import { HAS_X, LARGE } from "../lib/rules.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import { all, filtered, one } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

export const order = family("order", [
  [
    "many-writers",
    "Changes from many writers reach every client in commit order.",
    async (run) => {
      await run.start();
      for (let i = 0; i < 8; i += 1) await run.connectListener([all("notes"), all("diaries")], run.user(i % 4));
      const writers = new WriterPool(run, "writers", ["notes", "diaries"]).start(24);
      await writers.answered(600);
      await writers.stop();
      await run.settle();
    },
    ["short"],
  ],
  [
    "one-record",
    "Concurrent updates of one record arrive in commit order.",
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
      ensure(
        JSON.parse(last.data).record.title === stored[0]!["title"],
        "the last event differs from the stored record",
      );
    },
  ],
  [
    "many-topics",
    "A change on several of a client's topics arrives once on each, with its cursor on the last one.",
    async (run) => {
      await run.start();
      const ids = await createMany(run, "notes", 5);
      const topics = [...ids.map((id) => one("notes", id)), filtered("notes", HAS_X), filtered("notes", LARGE)];
      const listener = await run.connectListener([all("notes"), ...topics]);
      using writer = await run.writer();
      for (let i = 0; i < 100; i += 1) await writer.update("notes", ids[i % 5]!, { title: `x ${i}`, size: i });
      await run.settle();
      const received = listener.connection.inbox.items.slice(0, -1);
      const cursors = received.filter(({ id }) => cursorScope(id) === "all");
      ensure(cursors.length === 100, `100 changes arrived with ${cursors.length} cursors`);
      ensure(received.length > 250, "a change did not arrive on each of its topics");
    },
    ["short"],
  ],
  [
    "disconnect-between-topics",
    "A client disconnected between two topics of one change gets the whole change when it reconnects.",
    async (run) => {
      await run.start();
      const [id] = await createMany(run, "notes", 1);
      const topics = [all("notes"), one("notes", id!), filtered("notes", HAS_X)];
      const listeners = [await run.connectListener(topics), await run.addListener(topics)];
      using writer = await run.writer();
      for (let i = 0; i < 10; i += 1) {
        // Large enough that its events do not arrive in one read.
        await writer.update("notes", id!, { title: `x ${i}`, body: "x".repeat(run.random.int(60_000, 80_000)) });
        for (const listener of listeners) {
          if (listener.sessions.length === 0) await listener.connect(run);
          const { inbox } = listener.connection;
          const count = run.random.int(1, 3);
          await inbox.until(({ length }) => length >= count);
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
    "A client that connects while others write misses nothing between the replay and the live stream.",
    async (run) => {
      await run.start();
      // The rule of messages needs a query, so a client may connect while it runs.
      await run.addRoom(run.seedFolder.users.map(({ id }) => id));
      const writers = new WriterPool(run, "writers", ["notes", "messages"]).start(8);
      for (let i = 0; i < 30; i += 1) {
        await writers.answered(i * 10);
        await run.connectListener([all("notes"), all("messages")], run.user(i % 4));
      }
      await writers.stop();
      await run.settle();
    },
  ],
  [
    "resubscribe",
    "A client that keeps repeating its subscriptions misses nothing.",
    async (run) => {
      await run.start();
      // The rule of messages needs a query, so a client may subscribe while it runs.
      await run.addRoom(run.seedFolder.users.map(({ id }) => id));
      const listeners = await Promise.all([0, 1, 2, 3].map((i) => run.connectListener([all("messages")], run.user(i))));
      const writers = new WriterPool(run, "writers", ["messages"]).start(8);
      const resubscribing = listeners.map(async ({ connection, account, topics }) => {
        const names = topics.map(({ name }) => name);
        while (writers.written.items.length < 400) await connection.subscribe(names, account.token);
      });
      await Promise.all(resubscribing);
      await writers.stop();
      await run.settle();
    },
  ],
  [
    "cascade",
    "A cascading delete arrives in log order.",
    async (run) => {
      await run.start();
      const notes = await createMany(run, "notes", 4);
      await createMany(run, "comments", 200, (i) => ({ title: `comment ${i}`, note: notes[i % 4] }), 4);
      const listener = await run.connectListener([all("comments"), all("notes")]);
      using writer = await run.writer();
      for (const note of notes) await writer.remove("notes", note);
      await run.settle();
      const deleted = listener.connection.inbox.items.filter(({ data }) => data.endsWith('"action":"delete"}'));
      ensure(deleted.length === 204, `${deleted.length} of 204 deletions arrived`);
    },
  ],
]);
