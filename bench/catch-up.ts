import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { type Bench, measureEach, type Report } from "./report/bench.ts";
import { now } from "./load/clock.ts";
import { hasNchan, startNchan } from "./targets/nchan.ts";
import { requireOpenFiles } from "./load/open-files.ts";
import type { ChoiceOption, NumberOption, NumbersOption } from "./report/options.ts";
import { startRecordTarget } from "./targets/record-target.ts";
import { listRuleOf, type Rule, RULES } from "./targets/rules.ts";
import { countsOf, inexactIn, LoadTest } from "./load/load-test.ts";
import type { Column, Metric } from "./report/table.ts";

const METRICS: readonly Metric[] = [
  { key: "whole_ms", name: "ms until all caught up", digits: 0, better: "less" },
  { key: "cpu_us_per_client", name: "server CPU us/client", digits: 0, better: "less" },
  { key: "cpu_us_per_event", name: "server CPU us/missed event", digits: 2, better: "less" },
  { key: "bytes_per_client", name: "bytes/client", digits: 0, better: "less" },
  { key: "events_per_write", name: "events/write", digits: 1, better: "more" },
];

const CONCURRENCY = 32;

type Options = {
  readonly rule: ChoiceOption<Rule>;
  readonly subscribers: NumbersOption;
  readonly missed: NumberOption;
};

export const catchUp: Bench<Options> = {
  summary: "clients that all reconnect at once, each from its cursor",
  options: {
    rule: { help: "who may see the changes", default: "public", choices: RULES },
    subscribers: { help: "clients that reconnect", default: [1000], min: 1 },
    missed: { help: "changes each client missed", default: 100, min: 1 },
  },
  async run({ rule, subscribers, missed }): Promise<Report[]> {
    requireOpenFiles(Math.max(...subscribers) + 200);
    const reports: Report[] = [];
    for (const count of subscribers) {
      const starts = [
        () => startRecordTarget("headwater", rule, count),
        ...(rule === "public" && hasNchan ? [startNchan] : []),
      ];
      const columns = await measureEach(
        starts.map((start) => () => LoadTest.open(start, count, CONCURRENCY)),
        (loadTest) => measure(loadTest, count, missed),
      );
      reports.push({
        title: `catch-up: ${count} clients that missed ${missed} changes, rule ${listRuleOf[rule] || "public"}`,
        metrics: METRICS,
        columns,
        legend: [
          "caught up: from the first connect to the last missed event; 64 clients connect at a time",
          "CPU: user and system time of the server process, including connects and subscriptions",
          "PocketBase can't resume; ratio: above 1, the first server is better",
        ],
        failures: inexactIn(columns[0].notes),
      });
    }
    return reports;
  },
};

async function measure(loadTest: LoadTest, subscribers: number, missed: number): Promise<Column> {
  const { target, readers, publisher } = loadTest;
  await loadTest.listen();
  // One event for each group, so that every client has a cursor to resume from.
  await loadTest.begin();
  await inParallel(target.groups, CONCURRENCY, () => publisher.publish());
  await loadTest.settled();
  await readers.close();
  await loadTest.begin();
  await inParallel(missed, CONCURRENCY, () => publisher.publish());
  const cpuBefore = readStats(target.pid).cpuMicros;
  const startedAt = now();
  await readers.open(target.subscription, subscribers, true);
  await loadTest.settled();
  const ticks = await loadTest.finish();
  const cpu = readStats(target.pid).cpuMicros - cpuBefore;
  return {
    server: target.name,
    values: [
      ticks.lastAt - startedAt,
      cpu / subscribers,
      cpu / ticks.delivered,
      ticks.bytes / subscribers,
      ticks.chunks === 0 ? Number.NaN : ticks.delivered / ticks.chunks,
    ],
    notes: [["delivered/expected", countsOf(ticks)]],
  };
}
