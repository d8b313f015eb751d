import { readStats, settledMemory } from "@headwater/testing/servers/process-stats.ts";
import { type Bench, measureEach, type Report } from "./report/bench.ts";
import type { NumberOption } from "./report/options.ts";
import { ReaderProcess } from "./load/reader-process.ts";
import { type RecordTarget, recordTargets } from "./targets/record-target.ts";
import type { Column, Metric } from "./report/table.ts";

const METRICS: readonly Metric[] = [
  { key: "cycles_per_second", name: "connections/s", digits: 0, better: "more" },
  { key: "cpu_us_per_cycle", name: "server CPU us/connection", digits: 0, better: "less" },
  { key: "memory_before_mib", name: "memory MiB before", digits: 1, better: "less" },
  { key: "memory_after_mib", name: "memory MiB after", digits: 1, better: "less" },
  { key: "left_bytes", name: "bytes leaked/connection", digits: 0, better: "less" },
];

type Options = { readonly seconds: NumberOption; readonly lanes: NumberOption };

export const churn: Bench<Options> = {
  summary: "event streams that repeatedly connect, subscribe and disconnect",
  options: {
    seconds: { help: "seconds to run", default: 10, min: 1 },
    lanes: { help: "streams at the same time", default: 32, min: 1 },
  },
  async run({ seconds, lanes }): Promise<Report[]> {
    return [
      {
        title: `churn: ${lanes} at a time, ${seconds} s`,
        metrics: METRICS,
        columns: await measureEach(recordTargets("public", 0), (target) => measure(target, seconds, lanes)),
        legend: [
          "connection: open the stream, wait for PB_CONNECT, subscribe, wait for the response, reset",
          "memory: RssAnon of the server process once it has settled; before: after a tenth of the load",
          "ratio: above 1, the first server is better",
        ],
        failures: [],
      },
    ];
  },
};

async function measure({ name, pid, subscription }: RecordTarget, seconds: number, lanes: number): Promise<Column> {
  using readers = new ReaderProcess();
  await readers.churn(subscription, seconds * 100, lanes);
  const before = await settledMemory(pid);
  const cpuBefore = readStats(pid).cpuMicros;
  const startedAt = performance.now();
  const cycles = await readers.churn(subscription, seconds * 1000, lanes);
  const took = (performance.now() - startedAt) / 1000;
  const cpu = readStats(pid).cpuMicros - cpuBefore;
  const after = await settledMemory(pid);
  const mebibyte = 1 << 20;
  return {
    server: name,
    values: [cycles / took, cpu / cycles, before / mebibyte, after / mebibyte, Math.max(0, after - before) / cycles],
    notes: [],
  };
}
