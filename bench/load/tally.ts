import { now } from "./clock.ts";
import { type Groups, expectedOf } from "./groups.ts";
import { Latencies } from "../report/latencies.ts";
import type { Probe } from "./probe.ts";

/** What the readers received in one phase. */
export interface TallyResult {
  readonly delivered: number;
  /** Whether each subscriber got each event meant for it exactly once. */
  readonly exact: boolean;
  /** When the last event arrived: milliseconds since 1970. */
  readonly lastAt: number;
  readonly p50: number;
  readonly p99: number;
}

/** Counts the deliveries of one phase in flat arrays, which makes counting cheap. */
export class Tally {
  readonly #groups: Groups;
  readonly #counts: Uint32Array;
  /** A correct count and a correct sum mean each index once, unless two errors cancel out in both. */
  readonly #sums: Float64Array;
  readonly #latencies = new Latencies();
  #delivered = 0;
  #lastAt = 0;
  #goal = Number.NaN;
  #onGoal = (): void => undefined;

  constructor(groups: Groups) {
    this.#groups = groups;
    this.#counts = new Uint32Array(groups.subscribers);
    this.#sums = new Float64Array(groups.subscribers);
  }

  get delivered(): number {
    return this.#delivered;
  }

  /** Resolves once this many deliveries have arrived. */
  reached(deliveries: number): Promise<void> {
    if (this.#delivered >= deliveries) return Promise.resolve();
    this.#goal = deliveries;
    return new Promise((resolve) => (this.#onGoal = resolve));
  }

  add(subscriber: number, { index, sentAt }: Probe): void {
    this.#lastAt = now();
    this.#latencies.add(this.#lastAt - sentAt);
    this.#delivered += 1;
    this.#counts[subscriber]! += 1;
    this.#sums[subscriber]! += index;
    if (this.#delivered === this.#goal) this.#onGoal();
  }

  /** @param events the number of events published */
  result(events: number): TallyResult {
    return {
      delivered: this.#delivered,
      exact: this.#counts.every((count, subscriber) => {
        const expected = expectedOf(this.#groups, subscriber, events);
        return count === expected.count && this.#sums[subscriber] === expected.sum;
      }),
      lastAt: this.#lastAt,
      p50: this.#latencies.percentile(50),
      p99: this.#latencies.percentile(99),
    };
  }
}
