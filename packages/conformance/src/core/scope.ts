import type { Figures } from "./case.ts";
import { within } from "./deadline.ts";
import { EventLog } from "./event-log.ts";

const CLEANUP_MS = 10_000;

/** The life of one case: what it heard, what it measured, and what it has to put away. */
export class Scope {
  readonly log = new EventLog();
  /** What has not happened after so many milliseconds will not. */
  readonly patienceMs: number;
  readonly #figures: Record<string, number | string> = {};
  readonly #deferred: (() => unknown)[] = [];

  constructor(patienceMs: number) {
    this.patienceMs = patienceMs;
  }

  get figures(): Figures {
    return this.#figures;
  }

  /** Reports what was measured, be the case passed or failed. @param name ends with the unit: `connectMs` */
  measure(name: string, value: number | string): void {
    this.#figures[name] = typeof value === "number" ? Math.round(value * 100) / 100 : value;
  }

  /** Done at the end, the last first. */
  defer(run: () => unknown): void {
    this.#deferred.push(run);
  }

  /** Puts everything away. @returns what could not be */
  async close(): Promise<readonly string[]> {
    const problems: string[] = [];
    for (const run of this.#deferred.splice(0).reverse()) {
      try {
        await within(Promise.resolve(run()), CLEANUP_MS, "the end of a cleanup");
      } catch (error) {
        problems.push(error instanceof Error ? error.message : String(error));
      }
    }
    return problems;
  }
}
