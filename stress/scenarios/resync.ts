import { WriterPool } from "../lib/writer-pool.ts";
import { type Listener, CURSOR_CHANNELS } from "../lib/listener.ts";
import { isResync } from "../lib/oracle.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

/** The first event must be a resync with this reason. */
function ensureResync({ name, connection }: Listener, reason: string): void {
  const [first, ...later] = connection.inbox.items;
  ensure(first !== undefined && isResync(first), `${name} got ${JSON.stringify(first)} instead of a resync`);
  const { reason: received, cursor } = JSON.parse(first.data) as { reason: string; cursor: string };
  ensure(received === reason, `${name} got a resync with reason "${received}" instead of "${reason}"`);
  ensure(cursor === first.id, "a resync's cursor is not its id");
  ensure(!later.some(isResync), `${name} got a second resync`);
}

/** It has the form of a cursor. */
const FORGED = `a.${"A".repeat(22)}`;

export const resync = family("resync", [
  [
    "expired",
    "A client offline past the retention limit first gets a resync, then every later change.",
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
    "A replay overtaken by trimming sends a resync, never a silent gap.",
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
      const resyncIndex = overtaken.connection.inbox.items.findIndex(isResync);
      ensure(resyncIndex > 0, "the replay was not overtaken, or no resync was sent");
    },
    ["some seeds"],
  ],
  [
    "epoch",
    "A client that reconnects to a restored database gets a resync, then the database's changes.",
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
      }
    },
    ["short"],
  ],
  [
    "forged",
    "A client with a cursor that nobody issued gets a resync, then every later change.",
    async (run) => {
      await run.start();
      const listeners = [];
      for (const channel of CURSOR_CHANNELS) {
        const listener = await run.addListener([all("notes")], run.guest, FORGED);
        await listener.connect(run, channel);
        listeners.push(listener);
      }
      await createMany(run, "notes", 10);
      await run.settle();
      for (const listener of listeners) ensureResync(listener, "epoch");
    },
  ],
  [
    "constant-trimming",
    "While the log is trimmed as fast as it is written, every client gets each change or a resync.",
    async (run) => {
      await run.startWithClock({ minutes: 600 }, ["--keep-changes", "40"]);
      const listeners = await Promise.all([1, 2, 3, 4].map(() => run.connectListener([all("notes")])));
      const writers = new WriterPool(run, "writers", ["notes"]).start(6);
      const random = run.random;
      for (let visit = 1; visit <= 15; visit += 1) {
        const listener = random.pick(listeners);
        await listener.drop();
        await writers.answered(writers.written.items.length + random.int(1, 80));
        await listener.connect(run, random.pick(CURSOR_CHANNELS));
      }
      await writers.stop();
      await run.settle();
    },
    ["some seeds"],
  ],
]);
