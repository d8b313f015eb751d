import { readStats, settledMemory } from "../packages/server/test/support/process-stats.ts";
import { type Bench, measureEach, type Report } from "./lib/bench.ts";
import { now } from "./lib/clock.ts";
import { type FanoutTarget, fanoutTargets } from "./lib/fanout-target.ts";
import { inParallel } from "../packages/server/test/support/in-parallel.ts";
import { requireOpenFiles } from "./lib/open-files.ts";
import { ReaderProcess } from "./lib/reader-process.ts";
import { formatStamp } from "./lib/stamp.ts";
import type { Column, Metric } from "./lib/table.ts";
import type { TallyResult } from "./lib/tally.ts";

const METRICS: readonly Metric[] = [
  { key: "burst_deliveries_per_second", name: "deliveries/s, burst", digits: 0, better: "more" },
  { key: "burst_cpu_us_per_delivery", name: "server CPU us/delivery, burst", digits: 2, better: "less" },
  { key: "paced_cpu_us_per_delivery", name: "server CPU us/delivery, paced", digits: 2, better: "less" },
  { key: "paced_p50_ms", name: "p50 ms, paced", digits: 2, better: "less" },
  { key: "paced_p99_ms", name: "p99 ms, paced", digits: 2, better: "less" },
  { key: "idle_connection_kb", name: "memory KB/idle connection", digits: 1, better: "less" },
];

const LEGEND = [
  "paced: one write after the other at a fixed rate; burst: as fast as 8 writers are answered",
  "p50, p99: from the writer's start of the request to the reader's bytes, over all deliveries",
  "CPU: user and system time of the server's process, the writes included; memory: RssAnon",
  "ratio: above 1 the first server is the better one",
];

const BURST_WRITERS = 8;
const WARM_UP = { subscribers: 100, events: 50 };
const PACED_DELIVERIES_PER_SECOND = 20_000;

interface Load {
  readonly subscribers: number;
  readonly events: number;
  readonly rate: number;
}

export const fanout: Bench<keyof Load> = {
  summary: "one change to many event streams: throughput, CPU, latency, memory",
  options: {
    subscribers: { help: "event streams that are open at the same time", standard: 1000, least: 1 },
    events: { help: "changes that are written in each of the two phases", standard: 60, least: 1 },
    rate: {
      help: `writes per second while latency is measured; 0: what makes ${PACED_DELIVERIES_PER_SECOND} deliveries/s`,
      standard: 0,
      least: 0,
    },
  },
  async run({ subscribers, events, rate: chosen }): Promise<Report> {
    requireOpenFiles(subscribers + 200);
    const rate = chosen || Math.max(1, Math.min(50, PACED_DELIVERIES_PER_SECOND / subscribers));
    const columns = await measureEach(fanoutTargets(), (target) => measure(target, { subscribers, events, rate }));
    const counted = columns[0].notes.map(([, text]) => text);
    return {
      title: `fanout: ${subscribers} subscribers, ${events} events paced at ${rate}/s, then ${events} in a burst`,
      metrics: METRICS,
      columns,
      legend: LEGEND,
      broken: counted.filter((text) => text.endsWith(INEXACT)).map((text) => `deliveries are not exact: ${text}`),
    };
  },
};

async function measure(target: FanoutTarget, { subscribers, events, rate }: Load): Promise<Column> {
  using readers = new ReaderProcess();
  await warmUp(target, readers);
  const memoryBefore = await settledMemory(target.pid);
  await readers.open(target.subscription, subscribers);
  const memory = (await settledMemory(target.pid)) - memoryBefore;
  const paced = await runPhase(target, readers, events, () => publishPaced(target, events, rate));
  const burst = await runPhase(target, readers, events, () => publishBurst(target, events));
  return {
    server: target.name,
    values: [
      burst.delivered / ((burst.lastAt - burst.startedAt) / 1000),
      burst.cpuMicros / burst.delivered,
      paced.cpuMicros / paced.delivered,
      paced.p50,
      paced.p99,
      memory / 1024 / subscribers,
    ],
    notes: [
      ["delivered/expected, paced", counts(paced, subscribers * events)],
      ["delivered/expected, burst", counts(burst, subscribers * events)],
    ],
  };
}

const INEXACT = " (!)";
const counts = ({ delivered, exact }: TallyResult, expected: number): string =>
  `${delivered}/${expected}${exact ? "" : INEXACT}`;

/** Compilers and allocators reach their working state before anything counts. */
async function warmUp(target: FanoutTarget, readers: ReaderProcess): Promise<void> {
  await readers.open(target.subscription, WARM_UP.subscribers);
  await runPhase(target, readers, WARM_UP.events, () => publishBurst(target, WARM_UP.events));
  await readers.close();
}

interface PhaseResult extends TallyResult {
  readonly startedAt: number;
  readonly cpuMicros: number;
}

async function runPhase(
  target: FanoutTarget,
  readers: ReaderProcess,
  events: number,
  publish: () => Promise<void>,
): Promise<PhaseResult> {
  await readers.begin(events);
  const cpuBefore = readStats(target.pid).cpuMicros;
  const startedAt = now();
  await publish();
  const result = await readers.finish();
  return { ...result, startedAt, cpuMicros: readStats(target.pid).cpuMicros - cpuBefore };
}

const publish = (target: FanoutTarget, index: number): Promise<void> =>
  target.publish(formatStamp({ index, at: now() }));

/** Keeps to its times whether or not the write before was answered: a slow server may not slow the load down. */
async function publishPaced(target: FanoutTarget, events: number, rate: number): Promise<void> {
  const start = performance.now();
  const answers: Promise<void>[] = [];
  for (let index = 0; index < events; index += 1) {
    await Bun.sleep(Math.max(0, start + (index * 1000) / rate - performance.now()));
    answers.push(publish(target, index));
  }
  await Promise.all(answers);
}

const publishBurst = (target: FanoutTarget, events: number): Promise<void> =>
  inParallel(events, BURST_WRITERS, (index) => publish(target, index));
