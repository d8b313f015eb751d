import { readStats } from "../packages/server/test/support/process-stats.ts";
import { type Bench, measureEach, type Report } from "./lib/bench.ts";
import { inParallel } from "../packages/server/test/support/in-parallel.ts";
import { percentile } from "./lib/percentile.ts";
import { type RecordServer, recordServerKinds, startRecordServer } from "./lib/servers.ts";
import type { Column, Metric } from "./lib/table.ts";

const METRICS: readonly Metric[] = [
  { key: "creates_per_second", name: "creates/s", digits: 0, better: "more" },
  { key: "cpu_us_per_create", name: "server CPU us/create", digits: 1, better: "less" },
  { key: "p50_ms", name: "p50 ms", digits: 2, better: "less" },
  { key: "p99_ms", name: "p99 ms", digits: 2, better: "less" },
];

interface Load {
  readonly writers: number;
  readonly writes: number;
}

export const writes: Bench<keyof Load> = {
  summary: "records created by many writers at the same time",
  options: {
    writers: { help: "requests that are under way at the same time", standard: 64, least: 1 },
    writes: { help: "records that are created", standard: 5000, least: 1 },
  },
  async run(load): Promise<Report> {
    const starts = recordServerKinds().map((kind) => () => startRecordServer(kind));
    return {
      title: `writes: ${load.writes} creates by ${load.writers} writers`,
      metrics: METRICS,
      columns: await measureEach(starts, (server) => measure(server, load)),
      legend: ["p50, p99: of the requests as a writer sees them", "ratio: above 1 the first server is the better one"],
      broken: [],
    };
  },
};

async function measure(server: RecordServer, { writers, writes: count }: Load): Promise<Column> {
  await createMany(server, Math.ceil(count / 10), writers);
  const cpuBefore = readStats(server.pid).cpuMicros;
  const start = performance.now();
  const latencies = await createMany(server, count, writers);
  const seconds = (performance.now() - start) / 1000;
  return {
    server: server.name,
    values: [
      count / seconds,
      (readStats(server.pid).cpuMicros - cpuBefore) / count,
      percentile(latencies, 50),
      percentile(latencies, 99),
    ],
    notes: [],
  };
}

/** Gives the times of the requests in milliseconds, sorted. */
async function createMany(server: RecordServer, count: number, writers: number): Promise<Float64Array> {
  const latencies = new Float64Array(count);
  await inParallel(count, writers, async (index) => {
    const start = performance.now();
    await server.create(`note ${index}`);
    latencies[index] = performance.now() - start;
  });
  return latencies.sort();
}
