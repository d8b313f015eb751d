/** Tasks for the stress tests: they count their steps, so that what is missing shows. */
import type { Extendable, TaskRun } from "headwater";

export interface Work {
  readonly steps: number;
  /** How long a step takes, in milliseconds. */
  readonly pace: number;
  /** Whether each attempt fails at its end. */
  readonly fails: boolean;
}

async function work({ steps, pace, fails }: Work, run: TaskRun): Promise<{ readonly attempt: number }> {
  for (let step = 1; step <= steps; step += 1) {
    // Each third step is an event of its own, the others are pieces of a text.
    if (step % 3 === 0) run.progress({ attempt: run.attempt, step, progress: step / steps });
    else run.write(`${run.attempt}.${step};`);
    await Bun.sleep(pace);
  }
  if (fails) throw new Error("It fails by intention.");
  return { attempt: run.attempt };
}

/** How often tasks of a name may be begun. */
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
