import { seqOfCursor } from "@headwater/testing/servers/cursors.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import { CURSOR_CHANNELS } from "../lib/listener.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

export const recovery = family("recovery", [
  [
    "cursor-channels",
    "A cursor in the header, query string or subscribe request replays what was missed, then goes live.",
    async (run) => {
      await run.start();
      const listeners = await Promise.all(CURSOR_CHANNELS.map(() => run.connectListener([all("notes")])));
      await createMany(run, "notes", 5);
      await run.settle();
      await Promise.all(listeners.map((listener) => listener.drop()));
      await createMany(run, "notes", 300);
      await Promise.all(listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i])));
      await createMany(run, "notes", 20);
      await run.settle();
    },
  ],
  [
    "every-cursor",
    "A client that resumes from any cursor gets exactly the rest.",
    async (run) => {
      await run.start();
      for (let index = 0; index < 30; index += 1) {
        await run.addListener([all("notes"), all("diaries")], run.user(index % 4));
        await createMany(run, index % 2 === 0 ? "notes" : "diaries", 3, (i) => ({
          title: `${index}.${i}`,
          ...(index % 2 === 1 && { owner: run.seedFolder.users[i]!.id }),
        }));
      }
      await Promise.all(run.listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i % 3])));
      await run.settle();
    },
  ],
  [
    "frequent-reconnects",
    "A client that disconnects after every few events still gets each event once.",
    async (run) => {
      await run.start();
      const listeners = await Promise.all([1, 3, 7].map(() => run.connectListener([all("notes")])));
      const writers = new WriterPool(run, "writers", ["notes"]).start(4);
      for (let visit = 0; visit < 12; visit += 1) {
        await Promise.all(
          listeners.map(async (listener, i) => {
            await listener.connection.inbox.until(({ length }) => length >= [1, 3, 7][i]!);
            await listener.drop();
            await listener.connect(run, run.random.pick(CURSOR_CHANNELS));
          }),
        );
      }
      await writers.stop();
      await run.settle();
    },
    ["some seeds"],
  ],
  [
    "new-topic",
    "A topic added with a cursor is replayed from there, while existing topics continue where they are.",
    async (run) => {
      await run.start();
      const start = await run.cursor();
      const listener = await run.connectListener([all("notes")]);
      for (const collection of ["notes", "inner", "comments"]) await createMany(run, collection, 40);
      await run.settle();
      const { connection } = listener;
      const before = connection.inbox.items.length;
      await connection.subscribe(["notes/*", "marks/*", "comments/*"], undefined, start);
      await connection.inbox.until(({ length }) => length >= before + 40);
      // A repeated event would have arrived before the last comment.
      const later = connection.inbox.items.slice(before);
      ensure(later.length === 40, "adding a topic replayed an existing one");
      ensure(
        later.every(({ event }) => event === "comments/*"),
        "an event arrived that is not of the new topic",
      );
      run.exclude(listener);
      run.compared(before + 40);
    },
  ],
  [
    "kill",
    "A restarted server resumes from the cursors of the one that was killed.",
    async (run) => {
      await run.start();
      for (const [i] of CURSOR_CHANNELS.entries()) await run.connectListener([all("notes"), all("inner")], run.user(i));
      for (const round of [1, 2, 3]) {
        const writers = new WriterPool(run, `round ${round}`, ["notes", "inner"]).start(6);
        await writers.answered(run.random.int(20, 120));
        await run.kill();
        await writers.stop();
        await Promise.all(run.listeners.map((listener) => listener.ended()));
        await run.start();
        await Promise.all(run.listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i % 3])));
      }
      await run.settle();
    },
    ["some seeds", "short"],
  ],
  [
    "kill-in-replay",
    "A replay interrupted by a kill -9 continues on the restarted server where it stopped.",
    async (run) => {
      await run.start();
      const listeners = await Promise.all(CURSOR_CHANNELS.map(() => run.addListener([all("notes")])));
      await createMany(run, "notes", 1_500, undefined, 8);
      const last = run.readLog().at(-1)!.seq;
      for (let kills = 0; kills < 3; kills += 1) {
        await Promise.all(listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i])));
        const count = run.random.int(1, 400);
        const [first] = listeners;
        await first!.connection.inbox.until(({ length }) => length >= count || first!.seq === last);
        await run.kill();
        await Promise.all(listeners.map((listener) => listener.ended()));
        await run.start();
      }
      await Promise.all(listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i])));
      await run.settle();
    },
    ["short"],
  ],
  [
    "graceful-shutdown",
    "A server that shuts down gracefully delivers the last committed change before it closes the streams.",
    async (run) => {
      await run.start();
      for (let i = 0; i < 5; i += 1) await run.connectListener([all("notes")]);
      const writers = new WriterPool(run, "writers", ["notes"]).start(6);
      await writers.answered(60);
      const stopping = run.stop();
      await Promise.all([stopping, writers.stop()]);
      await Promise.all(run.listeners.map((listener) => listener.ended()));
      const last = run.changesOf("notes").at(-1)!.seq;
      for (const { name, seq } of run.listeners) {
        ensure(seq === last, `${name} received changes up to ${seq}, but the last one is ${last}`);
      }
    },
  ],
  [
    "connect-before-start",
    "Clients that retry while the server is down connect once it is up, and miss nothing.",
    async (run) => {
      await run.start();
      for (const [i] of CURSOR_CHANNELS.entries()) await run.addListener([all("notes")], run.user(i));
      await createMany(run, "notes", 200, undefined, 4);
      const { url, port } = run.server;
      await run.kill();
      const retryConnect = async (index: number): Promise<void> => {
        const listener = run.listeners[index]!;
        while (listener.sessions.length === 0) {
          await listener.connect({ url, deliveredTo: 0 }, CURSOR_CHANNELS[index]).catch(() => Bun.sleep(5));
        }
      };
      const connecting = CURSOR_CHANNELS.map((_, index) => retryConnect(index));
      await run.start({ port });
      await Promise.all(connecting);
      await run.settle();
    },
  ],
  [
    "epoch",
    "Cursors stay good and ascend, however often the server is killed.",
    async (run) => {
      await run.start();
      const listener = await run.connectListener([all("notes")]);
      for (let kills = 0; kills < 3; kills += 1) {
        await createMany(run, "notes", 10);
        await run.settle();
        await run.restart();
        await listener.ended();
        await listener.connect(run);
      }
      await run.settle();
      const seqs = listener.sessions.flatMap(({ connection }) =>
        connection.inbox.items.map(({ id }) => seqOfCursor(id) ?? 0),
      );
      ensure(seqs[0]! > 0, "a cursor of an earlier server can't be read");
      ensure(
        seqs.every((seq, i) => i === 0 || seq > seqs[i - 1]!),
        "a cursor does not ascend",
      );
    },
  ],
]);
