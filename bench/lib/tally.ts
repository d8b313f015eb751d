import { now } from "./clock.ts";
import { percentile } from "./percentile.ts";
import type { Stamp } from "./stamp.ts";

/** What the readers saw of one phase. */
export interface TallyResult {
  readonly delivered: number;
  /** Each subscriber got each event, and each once. */
  readonly exact: boolean;
  /** When the last event came: milliseconds since 1970. */
  readonly lastAt: number;
  readonly p50: number;
  readonly p99: number;
}

/** Counts the deliveries of one phase. Flat arrays, so that counting costs next to nothing. */
export class Tally {
  readonly #counts: Uint32Array;
  /** Right count and right sum together mean each index once, unless two mistakes cancel out in both. */
  readonly #sums: Float64Array;
  readonly #latencies: Float64Array;
  readonly #events: number;
  #delivered = 0;
  #lastAt = 0;

  constructor(subscribers: number, events: number) {
    this.#counts = new Uint32Array(subscribers);
    this.#sums = new Float64Array(subscribers);
    this.#latencies = new Float64Array(subscribers * events);
    this.#events = events;
  }

  get complete(): boolean {
    return this.#delivered >= this.#latencies.length;
  }

  get lastAt(): number {
    return this.#lastAt;
  }

  add(subscriber: number, { index, at }: Stamp): void {
    this.#lastAt = now();
    this.#latencies[this.#delivered] = this.#lastAt - at;
    this.#delivered += 1;
    this.#counts[subscriber]! += 1;
    this.#sums[subscriber]! += index;
  }

  result(): TallyResult {
    const sum = (this.#events * (this.#events - 1)) / 2;
    const latencies = this.#latencies.subarray(0, this.#delivered).sort();
    return {
      delivered: this.#delivered,
      exact: this.#counts.every((count) => count === this.#events) && this.#sums.every((total) => total === sum),
      lastAt: this.#lastAt,
      p50: percentile(latencies, 50),
      p99: percentile(latencies, 99),
    };
  }
}
