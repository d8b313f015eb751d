import { join } from "node:path";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { CLOCK_ARGS, HOUR, setClock, REAL_CLOCK, writeClock } from "../../stress/lib/clock/clock.ts";
import { type RecordTarget, startRecordTarget } from "../targets/record-target.ts";
import type { Rule } from "../targets/rules.ts";

/** A server whose intervals run faster, and whose clock can be set ahead. */
export interface FastTarget extends RecordTarget {
  /** Sets the clock this many hours ahead of the real time. */
  readonly setHours: (hours: number) => Promise<void>;
}

/** @param rate speed-up of intervals, heartbeats and log trimming above all */
export async function startFastTarget(rule: Rule, subscribers: number, rate: number): Promise<FastTarget> {
  const folder = tempDir();
  const file = join(folder.path, "clock.json");
  const clock = { ...REAL_CLOCK, seconds: rate, minutes: rate };
  writeClock(file, clock);
  const server = { dir: join(folder.path, "pb_data"), runtimeArgs: CLOCK_ARGS };
  const target = await startRecordTarget("headwater", rule, subscribers, "sse", server);
  return {
    ...target,
    setHours: (hours) => setClock(file, target.pid, { ...clock, offset: hours * HOUR }),
    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}
