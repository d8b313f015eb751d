import { parseCursor } from "@headwater/protocol";
import { WriterPool } from "../lib/writer-pool.ts";
import { type Listener, CURSOR_CHANNELS } from "../lib/listener.ts";
import { isResync } from "../lib/oracle.ts";
import { ensure, family } from "../lib/scenario.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

/** The first thing that the client was told must be that it has to read anew, and why. */
function ensureResync({ name, connection }: Listener, reason: string): void {
  const [first, ...later] = connection.inbox.items;
  ensure(first !== undefined && isResync(first), `${name} was not told to resync, but ${JSON.stringify(first)}`);
  const { reason: given, cursor } = JSON.parse(first.data) as { reason: string; cursor: string };
  ensure(given === reason, `${name} was told to resync because of "${given}" instead of "${reason}"`);
  ensure(cursor === first.id, "a resync's cursor is not its id");
  ensure(!later.some(isResync), `${name} was told to resync twice`);
}

export const resync = family("resync", [
  [
    "expired",
    "Who was away for longer than changes are kept is told so first, and then misses nothing that comes.",
    async (run) => {
      await run.startWithClock({ minutes: 300 }, ["--keep-changes", "50"]);
      const listeners = await Promise.all(CURSOR_CHANNELS.map(() => run.connectListener([all("notes")])));
      await run.settle();
      await Promise.all(listeners.map((listener) => listener.drop()));
      const { seq } = listeners[0]!;
      await createMany(run, "notes", 300, undefined, 4);
      await run.trimmed(seq + 1);
      await Promise.all(listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i])));
      await createMany(run, "notes", 20);
      await run.settle();
      for (const listener of listeners) ensureResync(listener, "expired");
    },
    ["short"],
  ],
  [
    "trimmed-in-replay",
    "A replay that trimming overtakes says so: no change is missing without a word.",
    async (run) => {
      await run.startWithClock({ minutes: 300 }, ["--keep-changes", "300"]);
      const overtaken = await run.addListener([all("notes")]);
      await createMany(run, "notes", 200, (i) => ({ title: `large ${i}`, body: "x".repeat(100_000) }), 4);
      await overtaken.connect(run);
      await overtaken.connection.inbox.until(({ length }) => length > 0);
      overtaken.connection.pause();
      const reached = run.readLog().at(-1)!.seq;
      await createMany(run, "notes", 400, undefined, 8);
      await run.trimmed(reached);
      overtaken.connection.resume();
      await run.settle();
      const told = overtaken.connection.inbox.items.findIndex(isResync);
      ensure(told > 0, "the replay was not overtaken, or nobody said so");
    },
    ["some seeds"],
  ],
  [
    "epoch",
    "Who comes to a database that was restored is told so, and then hears of its changes.",
    async (run) => {
      await run.start();
      const listeners = await Promise.all(CURSOR_CHANNELS.map(() => run.connectListener([all("notes")])));
      await createMany(run, "notes", 10);
      await run.settle();
      await run.kill();
      run.alterData("UPDATE _headwater SET value = 'restored00' WHERE key = 'epoch'");
      await Promise.all(listeners.map((listener) => listener.ended()));
      await run.start();
      await Promise.all(listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i])));
      await createMany(run, "notes", 10);
      await run.settle();
      for (const listener of listeners) {
        ensureResync(listener, "epoch");
        ensure(parseCursor(listener.cursor)?.epoch === "restored00", "a cursor is of the old epoch");
      }
    },
    ["short"],
  ],
  [
    "unknown",
    "Who comes from a place that the log has not reached is told so, and then hears of its changes.",
    async (run) => {
      await run.start();
      const { epoch, seq } = parseCursor(await run.cursor())!;
      const listeners = [];
      for (const way of CURSOR_CHANNELS) {
        const listener = await run.addListener([all("notes")], run.guest, `${epoch}.${seq + 500}`);
        await listener.connect(run, way);
        listeners.push(listener);
      }
      await createMany(run, "notes", 10);
      await run.settle();
      for (const listener of listeners) ensureResync(listener, "unknown");
    },
  ],
  [
    "restless",
    "While the log is trimmed as fast as it is written, every client gets each change or the word that it did not.",
    async (run) => {
      await run.startWithClock({ minutes: 600 }, ["--keep-changes", "40"]);
      const listeners = await Promise.all([1, 2, 3, 4].map(() => run.connectListener([all("notes")])));
      const crowd = new WriterPool(run, "crowd", ["notes"]).start(6);
      const random = run.random;
      for (let visit = 1; visit <= 15; visit += 1) {
        const listener = random.pick(listeners);
        await listener.drop();
        await crowd.answered(crowd.written.items.length + random.int(1, 80));
        await listener.connect(run, random.pick(CURSOR_CHANNELS));
      }
      await crowd.stop();
      await run.settle();
    },
    ["some seeds"],
  ],
]);
