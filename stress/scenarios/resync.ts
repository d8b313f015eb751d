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
    async (stage) => {
      await stage.startWithClock({ minutes: 300 }, ["--keep-changes", "50"]);
      const listeners = await Promise.all(CURSOR_CHANNELS.map(() => stage.listen([all("notes")])));
      await stage.settle();
      await Promise.all(listeners.map((listener) => listener.drop()));
      const { seq } = listeners[0]!;
      await createMany(stage, "notes", 300, undefined, 4);
      await stage.trimmed(seq + 1);
      await Promise.all(listeners.map((listener, i) => listener.connect(stage, CURSOR_CHANNELS[i])));
      await createMany(stage, "notes", 20);
      await stage.settle();
      for (const listener of listeners) ensureResync(listener, "expired");
    },
    ["short"],
  ],
  [
    "trimmed-in-replay",
    "A replay that trimming overtakes says so: no change is missing without a word.",
    async (stage) => {
      await stage.startWithClock({ minutes: 300 }, ["--keep-changes", "300"]);
      const overtaken = await stage.newcomer([all("notes")]);
      await createMany(stage, "notes", 200, (i) => ({ title: `large ${i}`, body: "x".repeat(100_000) }), 4);
      await overtaken.connect(stage);
      await overtaken.connection.inbox.until(({ length }) => length > 0);
      overtaken.connection.pause();
      const reached = stage.readLog().at(-1)!.seq;
      await createMany(stage, "notes", 400, undefined, 8);
      await stage.trimmed(reached);
      overtaken.connection.resume();
      await stage.settle();
      const told = overtaken.connection.inbox.items.findIndex(isResync);
      ensure(told > 0, "the replay was not overtaken, or nobody said so");
    },
    ["some seeds"],
  ],
  [
    "epoch",
    "Who comes to a database that was restored is told so, and then hears of its changes.",
    async (stage) => {
      await stage.start();
      const listeners = await Promise.all(CURSOR_CHANNELS.map(() => stage.listen([all("notes")])));
      await createMany(stage, "notes", 10);
      await stage.settle();
      await stage.kill();
      stage.alterData("UPDATE _headwater SET value = 'restored00' WHERE key = 'epoch'");
      await Promise.all(listeners.map((listener) => listener.ended()));
      await stage.start();
      await Promise.all(listeners.map((listener, i) => listener.connect(stage, CURSOR_CHANNELS[i])));
      await createMany(stage, "notes", 10);
      await stage.settle();
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
    async (stage) => {
      await stage.start();
      const { epoch, seq } = parseCursor(await stage.cursor())!;
      const listeners = [];
      for (const way of CURSOR_CHANNELS) {
        const listener = await stage.newcomer([all("notes")], stage.guest, `${epoch}.${seq + 500}`);
        await listener.connect(stage, way);
        listeners.push(listener);
      }
      await createMany(stage, "notes", 10);
      await stage.settle();
      for (const listener of listeners) ensureResync(listener, "unknown");
    },
  ],
  [
    "restless",
    "While the log is trimmed as fast as it is written, every client gets each change or the word that it did not.",
    async (stage) => {
      await stage.startWithClock({ minutes: 600 }, ["--keep-changes", "40"]);
      const listeners = await Promise.all([1, 2, 3, 4].map(() => stage.listen([all("notes")])));
      const crowd = new WriterPool(stage, "crowd", ["notes"]).start(6);
      const random = stage.random;
      for (let visit = 1; visit <= 15; visit += 1) {
        const listener = random.pick(listeners);
        await listener.drop();
        await crowd.answered(crowd.written.items.length + random.int(1, 80));
        await listener.connect(stage, random.pick(CURSOR_CHANNELS));
      }
      await crowd.stop();
      await stage.settle();
    },
    ["some seeds"],
  ],
]);
