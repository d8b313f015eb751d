import { HOUR } from "../lib/clock.ts";
import { WriterPool } from "../lib/writer-pool.ts";
import { CURSOR_CHANNELS } from "../lib/listener.ts";
import { isResync } from "../lib/oracle.ts";
import { ensure, family } from "../lib/scenario.ts";
import { all } from "../lib/topics.ts";
import { createMany } from "../lib/writing.ts";

export const clock = family("clock", [
  [
    "backwards",
    "A clock that goes back changes neither the order of events nor what a cursor brings back.",
    async (stage) => {
      await stage.startWithClock({});
      const listeners = await Promise.all(CURSOR_CHANNELS.map(() => stage.listen([all("notes")])));
      for (const hours of [0, -1, -20, -19]) {
        await stage.setClock(hours * HOUR);
        await createMany(stage, "notes", 30);
        await stage.settle();
        await Promise.all(listeners.map((listener) => listener.drop()));
        await createMany(stage, "notes", 30);
        await Promise.all(listeners.map((listener, i) => listener.connect(stage, CURSOR_CHANNELS[i])));
      }
      await stage.settle();
      const times = stage.changesOf("notes").map(({ time }) => time);
      ensure(
        times.some((time, i) => i > 0 && time < times[i - 1]! - HOUR / 2),
        "the clock did not jump",
      );
    },
  ],
  [
    "forwards",
    "A clock that jumps over the time for which changes are kept costs a resync, and never a silent gap.",
    async (stage) => {
      await stage.startWithClock({ minutes: 300 });
      const [away, present] = [await stage.listen([all("notes")]), await stage.listen([all("notes")])];
      await stage.settle();
      await away.drop();
      await createMany(stage, "notes", 30);
      const last = stage.readLog().at(-1)!.seq;
      await stage.setClock(100 * HOUR);
      await createMany(stage, "notes", 5);
      await stage.trimmed(last);
      await away.connect(stage);
      await createMany(stage, "notes", 5);
      await stage.settle();
      ensure(isResync(away.connection.inbox.items[0]!), "who was away was not told to resync");
      ensure(!present.connection.inbox.items.some(isResync), "who was there was told to resync");
    },
  ],
  [
    "old-times",
    "Changes that were made while the clock was wrong are told and brought back like all others.",
    async (stage) => {
      await stage.startWithClock({ minutes: 300 });
      const listener = await stage.listen([all("notes")]);
      await createMany(stage, "notes", 10);
      await stage.setClock(-1_000 * HOUR);
      await createMany(stage, "notes", 10);
      await stage.setClock(0);
      await createMany(stage, "notes", 10);
      await stage.settle();
      await listener.drop();
      await createMany(stage, "notes", 10);
      await listener.connect(stage);
      await stage.settle();
    },
  ],
  [
    "jumps",
    "However the clock jumps under load, each client gets each change once and in order, or is told to resync.",
    async (stage) => {
      await stage.startWithClock({ minutes: 100 });
      const listeners = await Promise.all([1, 2, 3].map(() => stage.listen([all("notes")])));
      const crowd = new WriterPool(stage, "crowd", ["notes"]).start(4);
      for (let jump = 1; jump <= 10; jump += 1) {
        await crowd.answered(jump * 25);
        await stage.setClock(stage.random.int(-100, 100) * HOUR);
        const listener = stage.random.pick(listeners);
        await listener.drop();
        await listener.connect(stage, stage.random.pick(CURSOR_CHANNELS));
      }
      await crowd.stop();
      await stage.settle();
    },
    ["some seeds", "short"],
  ],
]);
