import { type Latency, type Phase, type Probe, PROBES } from "./measurement.ts";

/** Collects what happens in one phase. */
export class PhaseLog {
  readonly #times = new Map<Probe, number[]>(PROBES.map((probe) => [probe, []]));
  readonly #failures = new Map<string, number>();
  #peakBytes = 0;

  addTime(probe: Probe, milliseconds: number): void {
    this.#times.get(probe)!.push(milliseconds);
  }

  addFailure(what: string): void {
    this.#failures.set(what, (this.#failures.get(what) ?? 0) + 1);
  }

  addMemory(bytes: number): void {
    this.#peakBytes = Math.max(this.#peakBytes, bytes);
  }

  summary(): Phase {
    const latencies = Object.fromEntries(PROBES.map((probe) => [probe, summarize(this.#times.get(probe)!)] as const));
    return {
      latencies: latencies as Record<Probe, Latency>,
      peakBytes: this.#peakBytes,
      failures: [...this.#failures].map(([what, count]) => `${what} (${count} times)`),
    };
  }
}

function summarize(times: readonly number[]): Latency {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) ?? 0 };
}
