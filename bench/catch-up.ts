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
  { key: "whole_ms", name: "ms until all are whole", digits: 0, better: "less" },
  { key: "cpu_us_per_client", name: "server CPU us/client", digits: 0, better: "less" },
  { key: "cpu_us_per_event", name: "server CPU us/missed event", digits: 2, better: "less" },
  { key: "bytes_per_client", name: "bytes/client", digits: 0, better: "less" },
  { key: "events_per_write", name: "events/write", digits: 1, better: "more" },
];

const LANES = 32;

type Options = {
  readonly rule: ChoiceOption<Rule>;
  readonly subscribers: NumbersOption;
  readonly missed: NumberOption;
};

export const catchUp: Bench<Options> = {
  summary: "clients that were away come back all at once, each with its cursor",
  options: {
    rule: { help: "who may see the changes", standard: "public", choices: RULES },
    subscribers: { help: "clients that come back", standard: [1000], least: 1 },
    missed: { help: "changes that were made meanwhile", standard: 100, least: 1 },
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
        starts.map((start) => () => LoadTest.open(start, count, LANES)),
        (stage) => measure(stage, count, missed),
      );
      reports.push({
        title: `catch-up: ${count} clients that missed ${missed} changes, rule ${listRuleOf[rule] || "public"}`,
        metrics: METRICS,
        columns,
        legend: [
          "whole: from the first connect to the last event that was missed; 64 connect at a time",
          "CPU: of the server's process, connects and subscriptions included",
          "PocketBase can't resume; ratio: above 1 the first server is the better one",
        ],
        broken: inexactIn(columns[0].notes),
      });
    }
    return reports;
  },
};

async function measure(stage: LoadTest, subscribers: number, missed: number): Promise<Column> {
  const { target, readers, publisher } = stage;
  await stage.listen();
  // One round for all, so that everybody has a place to come back to.
  await stage.begin();
  await inParallel(target.groups, LANES, () => publisher.publish());
  await stage.settled();
  await readers.close();
  await stage.begin();
  await inParallel(missed, LANES, () => publisher.publish());
  const cpuBefore = readStats(target.pid).cpuMicros;
  const startedAt = now();
  await readers.open(target.subscription, subscribers, true);
  await stage.settled();
  const ticks = await stage.finish();
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
