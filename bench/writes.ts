import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { type Bench, measureEach, type Report } from "./report/bench.ts";
import type { NumberOption } from "./report/options.ts";
import { Latencies } from "./report/latencies.ts";
import { Publisher } from "./load/publisher.ts";
import { type RecordTarget, recordTargets } from "./targets/record-target.ts";
import type { Column, Metric } from "./report/table.ts";

const METRICS: readonly Metric[] = [
  { key: "creates_per_second", name: "creates/s", digits: 0, better: "more" },
  { key: "cpu_us_per_create", name: "server CPU us/create", digits: 1, better: "less" },
  { key: "p50_ms", name: "p50 ms", digits: 2, better: "less" },
  { key: "p99_ms", name: "p99 ms", digits: 2, better: "less" },
];

type Options = { readonly writers: NumberOption; readonly writes: NumberOption };

export const writes: Bench<Options> = {
  summary: "records created by concurrent writers",
  options: {
    writers: { help: "concurrent requests", default: 64, min: 1 },
    writes: { help: "records to create", default: 5000, min: 1 },
  },
  async run({ writers, writes: count }): Promise<Report[]> {
    return [
      {
        title: `writes: ${count} creates by ${writers} writers`,
        metrics: METRICS,
        columns: await measureEach(recordTargets("public", 0), (target) => measure(target, writers, count)),
        legend: ["p50, p99: request latency at the writer", "ratio: above 1, the first server is better"],
        failures: [],
      },
    ];
  },
};

async function measure(target: RecordTarget, writers: number, count: number): Promise<Column> {
  using publisher = await Publisher.open(target, writers);
  await createMany(publisher, Math.ceil(count / 10), writers);
  const cpuBefore = readStats(target.pid).cpuMicros;
  const start = performance.now();
  const latencies = await createMany(publisher, count, writers);
  const seconds = (performance.now() - start) / 1000;
  return {
    server: target.name,
    values: [
      count / seconds,
      (readStats(target.pid).cpuMicros - cpuBefore) / count,
      latencies.percentile(50),
      latencies.percentile(99),
    ],
    notes: [],
  };
}

/** @returns the request latencies */
async function createMany(publisher: Publisher, count: number, writers: number): Promise<Latencies> {
  const latencies = new Latencies();
  await inParallel(count, writers, () => latencies.time(() => publisher.publish()));
  return latencies;
}
