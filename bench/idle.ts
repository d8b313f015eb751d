import { settledMemory } from "@headwater/testing/servers/process-stats.ts";
import { idleForHours } from "./idle-hours.ts";
import { type Bench, measureEach, type Report } from "./report/bench.ts";
import { requireOpenFiles } from "./load/open-files.ts";
import type { ChoiceOption, NumberOption, NumbersOption } from "./report/options.ts";
import { listRuleOf, type Rule, RULES } from "./targets/rules.ts";
import { countsOf, inexactIn, LoadTest } from "./load/load-test.ts";
import type { Column, Metric } from "./report/table.ts";
import { type Transport, TRANSPORTS } from "./load/subscription.ts";
import { targetsOf } from "./targets/targets.ts";

const METRICS: readonly Metric[] = [
  { key: "connection_kib", name: "memory KiB/connection", digits: 2, better: "less" },
  { key: "served_connection_kib", name: "KiB/connection after a change", digits: 2, better: "less" },
  { key: "first_ms", name: "first change: ms to half of the clients", digits: 1, better: "less" },
  { key: "last_ms", name: "first change: ms to the last client", digits: 1, better: "less" },
];

type Options = {
  readonly rule: ChoiceOption<Rule>;
  readonly subscribers: NumbersOption;
  readonly transport: ChoiceOption<Transport>;
  readonly hours: NumberOption;
};

export const idle: Bench<Options> = {
  summary: "memory of idle event streams or WebSockets, and latency of the next change",
  options: {
    rule: {
      help: "who may see the changes; for other than public, each connection has its own account",
      default: "public",
      choices: RULES,
    },
    subscribers: { help: "number of open connections", default: [1000, 5000], min: 1 },
    transport: { help: "event streams (sse) or WebSockets (ws)", default: "sse", choices: TRANSPORTS },
    hours: {
      help: "simulated hours that Headwater's event streams stay idle in a second run",
      default: 0,
      min: 0,
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
          "memory: RssAnon of the server process once it has settled, minus that without connections",
          "ratio: above 1, the first server is better",
        ],
        failures: inexactIn(columns[0].notes),
      });
      if (hours > 0) reports.push(await idleForHours(rule, count, hours));
    }
    return reports;
  },
};

const measure =
  (subscribers: number) =>
  async (loadTest: LoadTest): Promise<Column> => {
    const { name, pid } = loadTest.target;
    const before = await settledMemory(pid);
    await loadTest.listen();
    const listening = await settledMemory(pid);
    await loadTest.begin();
    await loadTest.tickUntil(0, 1);
    const ticks = await loadTest.finish();
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
