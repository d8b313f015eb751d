import { settledMemory } from "@headwater/testing/servers/process-stats.ts";
import { idleForHours } from "./idle-hours.ts";
import { type Bench, measureEach, type Report } from "./report/bench.ts";
import { requireOpenFiles } from "./load/open-files.ts";
import type { ChoiceOption, NumberOption, NumbersOption } from "./report/options.ts";
import { listRuleOf, type Rule, RULES } from "./targets/rules.ts";
import { countsOf, inexactIn, LoadTest } from "./load/load-test.ts";
import type { Column, Metric } from "./report/table.ts";
import { type Transport, TRANSPORTS } from "./load/readers.ts";
import { targetsOf } from "./targets/targets.ts";

const METRICS: readonly Metric[] = [
  { key: "connection_kib", name: "memory KiB/connection", digits: 2, better: "less" },
  { key: "served_connection_kib", name: "KiB/connection after a change", digits: 2, better: "less" },
  { key: "first_ms", name: "first change: ms to half of them", digits: 1, better: "less" },
  { key: "last_ms", name: "first change: ms to the last", digits: 1, better: "less" },
];

type Options = {
  readonly rule: ChoiceOption<Rule>;
  readonly subscribers: NumbersOption;
  readonly transport: ChoiceOption<Transport>;
  readonly hours: NumberOption;
};

export const idle: Bench<Options> = {
  summary: "what event streams or WebSockets cost that nothing happens on, and how the next change reaches them",
  options: {
    rule: {
      help: "who may see the changes; where it asks, each stream has an account",
      standard: "public",
      choices: RULES,
    },
    subscribers: { help: "connections that are open at the same time", standard: [1000, 5000], least: 1 },
    transport: { help: "event streams or WebSockets", standard: "sse", choices: TRANSPORTS },
    hours: {
      help: "how long event streams of our server are idle in a second run, its time going faster",
      standard: 0,
      least: 0,
    },
  },
  async run({ rule, subscribers, transport, hours }): Promise<Report[]> {
    requireOpenFiles(Math.max(...subscribers) + 200);
    const reports: Report[] = [];
    for (const count of subscribers) {
      const columns = await measureEach(
        targetsOf(rule, count, transport).map((start) => () => LoadTest.open(start, count, 8)),
        measure(count),
      );
      reports.push({
        title: `idle: ${count} connections, rule ${listRuleOf[rule] || "public"}`,
        metrics: METRICS,
        columns,
        legend: [
          "memory: RssAnon of the server's process when it has settled, above that of the same server without streams",
          "ratio: above 1 the first server is the better one",
        ],
        broken: inexactIn(columns[0].notes),
      });
      if (hours > 0) reports.push(await idleForHours(rule, count, hours));
    }
    return reports;
  },
};

const measure =
  (subscribers: number) =>
  async (stage: LoadTest): Promise<Column> => {
    const { name, pid } = stage.target;
    const before = await settledMemory(pid);
    await stage.listen();
    const listening = await settledMemory(pid);
    await stage.begin();
    await stage.tickUntil(0, 1);
    const ticks = await stage.finish();
    const served = await settledMemory(pid);
    return {
      server: name,
      values: [
        (listening - before) / 1024 / subscribers,
        (served - before) / 1024 / subscribers,
        ticks.p50,
        ticks.milliseconds,
      ],
      notes: [["delivered/expected", countsOf(ticks)]],
    };
  };
