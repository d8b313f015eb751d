/** Tasks for the stress tests. They number their steps, so that missing events show. */
import type { Extendable, TaskRun } from "headwater";

export interface Work {
  readonly steps: number;
  /** How long a step takes, in milliseconds. */
  readonly pace: number;
  /** Whether each attempt fails after its last step. */
  readonly fails: boolean;
}

async function work({ steps, pace, fails }: Work, run: TaskRun): Promise<{ readonly attempt: number }> {
  for (let step = 1; step <= steps; step += 1) {
    // Every third step is a progress event; the others write text.
    if (step % 3 === 0) run.progress({ attempt: run.attempt, step, progress: step / steps });
    else run.write(`${run.attempt}.${step};`);
    await Bun.sleep(pace);
  }
  if (fails) throw new Error("This task fails on purpose.");
  return { attempt: run.attempt };
}

/** The maximum number of attempts of each task. */
export const ATTEMPTS: Readonly<Record<string, number>> = { once: 1, thrice: 3, often: 6 };

export default (app: Extendable): void => {
  for (const [name, attempts] of Object.entries(ATTEMPTS)) {
    app.tasks.define(name, work as (input: unknown, run: TaskRun) => unknown, {
      startRule: "",
      attempts,
      backoff: 20,
      maxBackoff: 100,
    });
  }
};
