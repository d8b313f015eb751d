import { build, type Histogram } from "hdr-histogram-js";

const MICROSECONDS = 1_000;

/** Latencies in a histogram of constant size, to three significant digits. */
export class Latencies {
  readonly #histogram: Histogram = build({
    bitBucketSize: 64,
    autoResize: true,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });

  get count(): number {
    return this.#histogram.totalCount;
  }

  /** @param milliseconds a negative time counts as 0: clocks of two processes differ by a little */
  add(milliseconds: number): void {
    this.#histogram.recordValue(Math.max(0, Math.round(milliseconds * MICROSECONDS)));
  }

  /** Runs the work and adds the time that it takes. */
  async time(work: () => Promise<unknown>): Promise<void> {
    const startedAt = performance.now();
    await work();
    this.add(performance.now() - startedAt);
  }

  /** In milliseconds; NaN without any latency. */
  percentile(p: number): number {
    return this.count === 0 ? Number.NaN : this.#histogram.getValueAtPercentile(p) / MICROSECONDS;
  }
}
