import { HOUR } from "../lib/clock/clock.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import { CURSOR_CHANNELS } from "../lib/listener.ts";
import { isResync } from "../lib/oracle.ts";
import { ensure } from "../lib/ensure.ts";
import { family } from "../lib/scenario.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

export const clock = family("clock", [
  [
    "backwards",
    "A clock that goes backwards affects neither the order of events nor what a cursor replays.",
    async (run) => {
      await run.startWithClock({});
      const listeners = await Promise.all(CURSOR_CHANNELS.map(() => run.connectListener([all("notes")])));
      for (const hours of [0, -1, -20, -19]) {
        await run.setClock(hours * HOUR);
        await createMany(run, "notes", 30);
        await run.settle();
        await Promise.all(listeners.map((listener) => listener.drop()));
        await createMany(run, "notes", 30);
        await Promise.all(listeners.map((listener, i) => listener.connect(run, CURSOR_CHANNELS[i])));
      }
      await run.settle();
      const times = run.changesOf("notes").map(({ time }) => time);
      ensure(
        times.some((time, i) => i > 0 && time < times[i - 1]! - HOUR / 2),
        "the clock did not jump",
      );
    },
  ],
  [
    "forwards",
    "A clock that jumps past the retention period causes a resync, never a silent gap.",
    async (run) => {
      await run.startWithClock({ minutes: 300 });
      const [offline, online] = [await run.connectListener([all("notes")]), await run.connectListener([all("notes")])];
      await run.settle();
      await offline.drop();
      await createMany(run, "notes", 30);
      const last = run.readLog().at(-1)!.seq;
      await run.setClock(100 * HOUR);
      await createMany(run, "notes", 5);
      await run.trimmed(last);
      await offline.connect(run);
      await createMany(run, "notes", 5);
      await run.settle();
      ensure(isResync(offline.connection.inbox.items[0]!), "the disconnected client got no resync");
      ensure(!online.connection.inbox.items.some(isResync), "the connected client got a resync");
    },
  ],
  [
    "old-times",
    "Changes made while the clock was wrong are delivered and replayed like all others.",
    async (run) => {
      await run.startWithClock({ minutes: 300 });
      const listener = await run.connectListener([all("notes")]);
      await createMany(run, "notes", 10);
      await run.setClock(-1_000 * HOUR);
      await createMany(run, "notes", 10);
      await run.setClock(0);
      await createMany(run, "notes", 10);
      await run.settle();
      await listener.drop();
      await createMany(run, "notes", 10);
      await listener.connect(run);
      await run.settle();
    },
  ],
  [
    "jumps",
    "However the clock jumps under load, each client gets each change once and in order, or a resync.",
    async (run) => {
      await run.startWithClock({ minutes: 100 });
      const listeners = await Promise.all([1, 2, 3].map(() => run.connectListener([all("notes")])));
      const writers = new WriterPool(run, "writers", ["notes"]).start(4);
      for (let jump = 1; jump <= 10; jump += 1) {
        await writers.answered(jump * 25);
        await run.setClock(run.random.int(-100, 100) * HOUR);
        const listener = run.random.pick(listeners);
        await listener.drop();
        await listener.connect(run, run.random.pick(CURSOR_CHANNELS));
      }
      await writers.stop();
      await run.settle();
    },
    ["some seeds", "short"],
  ],
]);
