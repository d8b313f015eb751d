import { readStats, settledMemory } from "@headwater/testing/servers/process-stats.ts";
import type { Report } from "./report/bench.ts";
import { startFastTarget } from "./load/fast-clock.ts";
import type { Rule } from "./targets/rules.ts";
import { countsOf, inexactIn, LoadTest } from "./load/load-test.ts";
import type { Metric } from "./report/table.ts";

/** Speed-up of the server's time. */
const RATE = 100;
/** Seconds between two heartbeats of a stream. */
const HEARTBEAT_S = 20;

const METRICS: readonly Metric[] = [
  { key: "heartbeats", name: "heartbeats/stream", digits: 1, better: "more" },
  { key: "cpu_percent", name: "% of a core for heartbeats", digits: 2, better: "less" },
  { key: "connection_kib", name: "memory KiB/connection before", digits: 2, better: "less" },
  { key: "idle_connection_kib", name: "KiB/connection after", digits: 2, better: "less" },
  { key: "last_ms", name: "next change: ms to the last client", digits: 1, better: "less" },
];

/** Keeps streams idle for hours of simulated time, then makes one change that all of them must receive. */
export async function idleForHours(rule: Rule, subscribers: number, hours: number): Promise<Report> {
  const target = await startFastTarget(rule, subscribers, RATE);
  await using loadTest = await LoadTest.open(async () => target, subscribers, 8);
  const empty = await settledMemory(target.pid);
  await loadTest.listen();
  const before = await settledMemory(target.pid);
  await loadTest.begin();
  const seconds = hours * 3600;
  const cpuBefore = readStats(target.pid).cpuMicros;
  const survived = await loadTest.readers.receivedChunks(Math.floor((subscribers * seconds) / HEARTBEAT_S));
  const cpuMicros = readStats(target.pid).cpuMicros - cpuBefore;
  await target.setHours(hours);
  const after = await settledMemory(target.pid);
  await loadTest.tickUntil(0, 1);
  const ticks = await loadTest.finish();
  const notes = [["delivered/expected", countsOf(ticks)]] as const;
  return {
    title: `idle: ${subscribers} streams for ${hours} simulated h, ${RATE} times faster than real time`,
    metrics: METRICS,
    columns: [
      {
        server: target.name,
        values: [
          (ticks.chunks - ticks.delivered) / subscribers,
          (100 * cpuMicros) / (seconds * 1e6),
          (before - empty) / 1024 / subscribers,
          (after - empty) / 1024 / subscribers,
          ticks.milliseconds,
        ],
        notes,
      },
    ],
    legend: [],
    failures: [...inexactIn(notes), ...(survived ? [] : ["streams closed while idle"])],
  };
}
