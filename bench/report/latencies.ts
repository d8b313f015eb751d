import { build, type Histogram } from "hdr-histogram-js";

const MICROSECONDS = 1_000;

/** A latency histogram with three significant digits. */
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

  /** @param milliseconds negative values count as 0: the clocks of two processes differ slightly */
  add(milliseconds: number): void {
    this.#histogram.recordValue(Math.max(0, Math.round(milliseconds * MICROSECONDS)));
  }

  /** Runs the work and adds its duration. */
  async time(work: () => Promise<unknown>): Promise<void> {
    const startedAt = performance.now();
    await work();
    this.add(performance.now() - startedAt);
  }

  /** @returns milliseconds; NaN if the histogram is empty */
  percentile(p: number): number {
    return this.count === 0 ? Number.NaN : this.#histogram.getValueAtPercentile(p) / MICROSECONDS;
  }
}
