import { seqOfCursor } from "@headwater/testing/servers/cursors.ts";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { SseClient } from "@headwater/testing/clients/sse-client.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import { isResync } from "../lib/oracle.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import { all } from "../lib/topics.ts";
import { until } from "../lib/within.ts";
import { createMany } from "../lib/writing.ts";

const KILOBYTES = 1_000;
const large = (size: number) => (i: number) => ({ title: `large ${i}`, body: "x".repeat(size) });

export const readers = family("readers", [
  [
    "stalled",
    "A client that stops reading is disconnected, and gets everything it missed when it reconnects.",
    async (run) => {
      await run.start();
      const [stalled, reading] = [await run.connectListener([all("notes")]), await run.connectListener([all("notes")])];
      stalled.connection.pause();
      await createMany(run, "notes", 150, large(100 * KILOBYTES), 4);
      await run.catchUp([reading]);
      stalled.connection.resume();
      await stalled.ended();
      await run.catchUp();
    },
    ["short"],
  ],
  [
    "many-stalled",
    "Stalled readers delay neither other readers nor writers, and cost little memory.",
    async (run) => {
      await run.start();
      const count = run.isShort ? 100 : 1_000;
      const since = await run.cursor();
      const stalled = await Promise.all(
        Array.from({ length: count }, () => run.addListener([all("notes")], run.guest, since)),
      );
      await inParallel(count, 32, async (i) => {
        await stalled[i]!.connect(run);
        stalled[i]!.connection.pause();
      });
      const reading = await run.connectListener([all("notes")]);
      const before = readStats(run.server.pid).anonymousBytes;
      await createMany(run, "notes", 60, large(100 * KILOBYTES), 4);
      await run.catchUp([reading]);
      const grown = (readStats(run.server.pid).anonymousBytes - before) / 1e6;
      ensure(grown < 300, `the server grew by ${grown.toFixed(0)} MB`);
      // Some of them reconnect; the rest would only take time.
      for (const { connection } of stalled.slice(20)) connection.close();
      for (const { connection } of stalled.slice(0, 20)) connection.resume();
      await run.catchUp([reading, ...stalled.slice(0, 20)]);
    },
  ],
  [
    "slow",
    "A client that reads in small portions gets everything once, whether it is disconnected or not.",
    async (run) => {
      await run.start();
      const listener = await run.addListener([all("notes")]);
      await createMany(run, "notes", 60, large(100 * KILOBYTES), 4);
      const last = run.readLog().at(-1)!.seq;
      await listener.connect(run);
      while (listener.seq < last) {
        const { connection } = listener;
        connection.pause();
        await Bun.sleep(run.random.int(1, 20)); // Nothing to wait for: the pause itself is the test.
        connection.resume();
        await listener.reconnectUntil(run, Math.min(listener.seq + 1, last));
      }
      await run.settle();
    },
  ],
  [
    "dead",
    "A socket that stays full for three heartbeats is closed, and its client gets the rest when it reconnects.",
    async (run) => {
      await run.startWithClock({ seconds: 30 });
      const [dead, reading] = [await run.connectListener([all("notes")]), await run.connectListener([all("notes")])];
      dead.connection.pause();
      // A single event may exceed the buffer limit, so the socket is full although the queue is not.
      await createMany(run, "notes", 1, large(7_000 * KILOBYTES));
      await run.settle([reading]);
      await run.connected(1);
      dead.connection.resume();
      await dead.ended();
      await dead.connect(run);
      await run.settle();
    },
  ],
  [
    "quiet",
    "A client with few events reconnects from a recent cursor without a resync, however much was trimmed.",
    async (run) => {
      await run.startWithClock({ minutes: 200, seconds: 200 }, ["--keep-changes", "60"]);
      const quiet = await run.connectListener([all("inner")], run.user(0));
      await createMany(run, "notes", 300, undefined, 4);
      const last = run.readLog().at(-1)!.seq;
      await until(() => quiet.seq >= last, "a heartbeat gives the quiet client the newest cursor");
      await run.trimmed(last - 100);
      await quiet.drop();
      await createMany(run, "inner", 3);
      await quiet.connect(run);
      await run.settle();
      ensure(!quiet.connection.inbox.items.some(isResync), "the quiet client got a resync");
    },
    ["short"],
  ],
  [
    "heartbeat-in-replay",
    "A heartbeat during a long replay of invisible changes does not move the cursor past undelivered ones.",
    async (run) => {
      await run.startWithClock({ seconds: 300 });
      const listener = await run.addListener([all("vault"), all("notes")], run.user(0));
      await createMany(run, "vault", 4_000, undefined, 16);
      await createMany(run, "notes", 5);
      const begin = listener.seq;
      await listener.connect(run);
      await until(() => listener.seq > begin, "the client gets a cursor after its own");
      await listener.drop();
      await listener.connect(run);
      await run.settle();
    },
  ],
  [
    "heartbeat-unsubscribed",
    "A heartbeat does not move the cursor of a client that has not subscribed yet.",
    async (run) => {
      await run.startWithClock({ seconds: 300 });
      const since = await run.cursor();
      const seq = seqOfCursor(since);
      await createMany(run, "notes", 10);
      const client = await SseClient.connect(run.url, { "Last-Event-ID": since });
      const { emptyBlocks } = client;
      await until(() => client.emptyBlocks >= emptyBlocks + 3, "three heartbeats arrive");
      const received = seqOfCursor(client.lastEventId ?? since);
      client.close();
      ensure(received === seq, `a heartbeat moved the cursor from ${seq} to ${received}`);
    },
  ],
  [
    "stall-and-kill",
    "Readers that stall across a kill -9 get everything when they reconnect.",
    async (run) => {
      await run.start();
      for (let i = 0; i < 6; i += 1) await run.connectListener([all("notes")]);
      for (const round of [1, 2]) {
        for (const { connection } of run.listeners.slice(0, 4)) connection.pause();
        const writers = new WriterPool(run, `round ${round}`, ["notes"]).start(6);
        await writers.answered(run.random.int(30, 120));
        await run.kill();
        await writers.stop();
        for (const { connection } of run.listeners) connection.resume();
        await Promise.all(run.listeners.map((listener) => listener.ended()));
        await run.start();
        await Promise.all(run.listeners.map((listener) => listener.connect(run)));
      }
      await run.settle();
    },
    ["some seeds"],
  ],
]);
