import { type Clock, type ClockOptions, clockOf } from "./clock.ts";
import { within } from "./deadline.ts";
import { EventLog } from "./event-log.ts";

/** Measurements; each name ends with its unit. */
export type Figures = Readonly<Record<string, number | string>>;

const CLEANUP_MS = 10_000;

/** State of one running case: its log, its measurements, and its cleanup. */
export class Scope {
  readonly log = new EventLog();
  readonly clock: Clock;
  readonly #figures: Record<string, number | string> = {};
  readonly #deferred: (() => unknown)[] = [];

  constructor(clock: Clock | ClockOptions = {}) {
    this.clock = "silenceMs" in clock ? clock : clockOf(clock);
  }

  /** How long to wait for an event, in milliseconds. */
  get patienceMs(): number {
    return this.clock.patienceMs;
  }

  get figures(): Figures {
    return this.#figures;
  }

  /** Adds a measurement to the report, whether the case passes or fails. @param name ends with the unit: `connectMs` */
  measure(name: string, value: number | string): void {
    this.#figures[name] = typeof value === "number" ? Math.round(value * 100) / 100 : value;
  }

  /** Registers a cleanup; cleanups run in reverse order. */
  defer(run: () => unknown): void {
    this.#deferred.push(run);
  }

  /** Runs the cleanups. @returns the errors of those that failed */
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
