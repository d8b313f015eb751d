import type { Bench, Columns, Report } from "./report/bench.ts";
import { requireOpenFiles } from "./load/open-files.ts";
import type { ChoiceOption, NumberOption, NumbersOption } from "./report/options.ts";
import { listRuleOf, type Rule, RULES } from "./targets/rules.ts";
import { countsOf, inexactIn, LoadTest, type PhaseMeasurement } from "./load/load-test.ts";
import type { Column, Metric } from "./report/table.ts";
import type { Target } from "./targets/target.ts";
import { targetsOf } from "./targets/targets.ts";
import { type Transport, TRANSPORTS } from "./load/subscription.ts";

type Options = {
  readonly rule: ChoiceOption<Rule | "all">;
  readonly subscribers: NumbersOption;
  readonly changes: NumbersOption;
  readonly seconds: NumberOption;
  readonly transport: ChoiceOption<Transport>;
};

const LEGEND = [
  "k a tick: k changes reach the server in one event-loop iteration; the next k follow when all deliveries have arrived",
  "CPU: user and system time of the server process, including the writes",
  "p50, p99: from the start of the write request until the reader has the event, over all deliveries",
  "events/write: events per socket write of the server",
  "baseline: one socket write of prepared bytes for each event and connection, and nothing else",
  "ratio: above 1, the first server is better",
];

export const fanout: Bench<Options> = {
  summary: "throughput, CPU and latency of changes to many event streams or WebSockets under a rule",
  options: {
    rule: { help: "who may see the changes", default: "public", choices: [...RULES, "all"] },
    subscribers: { help: "number of open connections", default: [1000], min: 1 },
    changes: { help: "changes per tick", default: [1, 16, 64], min: 1 },
    seconds: { help: "seconds to measure each; at least one tick", default: 3, min: 0 },
    transport: { help: "event streams (sse) or WebSockets (ws)", default: "sse", choices: TRANSPORTS },
  },
  async run({ rule: chosen, subscribers, changes, seconds, transport }): Promise<Report[]> {
    requireOpenFiles(Math.max(...subscribers) + 200);
    const reports: Report[] = [];
    for (const rule of chosen === "all" ? RULES : [chosen]) {
      const sizes: Columns[] = [];
      for (const count of subscribers) {
        const columns = await measure(targetsOf(rule, count, transport), count, changes, seconds);
        sizes.push(columns);
        reports.push(reportOf(`fanout: ${count} subscribers, rule ${listRuleOf[rule] || "public"}`, changes, columns));
      }
      if (sizes.length > 1) reports.push(growth(rule, subscribers, changes, sizes));
    }
    return reports;
  },
};

/** The metrics for one number of changes per tick, in the order of `valuesOf`. */
const metricsOf = (changes: number): Metric[] => [
  {
    key: `deliveries_per_second_${changes}`,
    name: `deliveries/s, ${changes} a tick`,
    digits: 0,
    better: "more",
  },
  { key: `cpu_us_per_delivery_${changes}`, name: `CPU us/delivery, ${changes} a tick`, digits: 2, better: "less" },
  { key: `cpu_us_per_change_${changes}`, name: `CPU us/change, ${changes} a tick`, digits: 0, better: "less" },
  { key: `p50_ms_${changes}`, name: `p50 ms, ${changes} a tick`, digits: 2, better: "less" },
  { key: `p99_ms_${changes}`, name: `p99 ms, ${changes} a tick`, digits: 2, better: "less" },
];

const CPU_PER_CHANGE = 2;
const ROUNDS = 3;

const valuesOf = ({ changes, delivered, milliseconds, cpuMicros, p50, p99 }: PhaseMeasurement): number[] => [
  (delivered * 1000) / milliseconds,
  cpuMicros / delivered,
  cpuMicros / changes,
  p50,
  p99,
];

/** Runs all servers at once and alternates between them, so that other load on the machine affects them equally. */
async function measure(
  starts: readonly (() => Promise<Target>)[],
  subscribers: number,
  ticks: readonly number[],
  seconds: number,
): Promise<Columns> {
  await using opened = new AsyncDisposableStack();
  const loadTests: LoadTest[] = [];
  for (const start of starts) loadTests.push(opened.use(await LoadTest.open(start, subscribers, Math.max(...ticks))));
  for (const loadTest of loadTests) await loadTest.listen();
  const phases = loadTests.map((): PhaseMeasurement[] => []);
  for (const changes of ticks) {
    for (const loadTest of loadTests) await loadTest.begin();
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const loadTest of loadTests) await loadTest.tickUntil((seconds * 1000 * round) / ROUNDS, changes);
    }
    for (const [at, loadTest] of loadTests.entries()) phases[at]!.push(await loadTest.finish());
  }
  const [first, ...peers] = loadTests.map(({ target }, at) => columnOf(target.name, ticks, phases[at]!));
  return [first!, ...peers];
}

const columnOf = (server: string, ticks: readonly number[], phases: readonly PhaseMeasurement[]): Column => ({
  server,
  values: phases.flatMap(valuesOf),
  notes: phases.flatMap((phase, row): [string, string][] => [
    [`delivered/expected, ${ticks[row]} a tick`, countsOf(phase)],
    [`events/write, ${ticks[row]} a tick`, phase.chunks === 0 ? "-" : (phase.delivered / phase.chunks).toFixed(1)],
  ]),
});

function reportOf(title: string, ticks: readonly number[], columns: Columns): Report {
  return {
    title,
    metrics: ticks.flatMap(metricsOf),
    columns,
    legend: LEGEND,
    failures: inexactIn(columns[0].notes),
  };
}

/** The cost of a change with the most subscribers, relative to that with the fewest. */
function growth(
  rule: Rule,
  subscribers: readonly number[],
  ticks: readonly number[],
  sizes: readonly Columns[],
): Report {
  const [least, most] = [Math.min(...subscribers), Math.max(...subscribers)];
  const [few, many] = [sizes[subscribers.indexOf(least)]!, sizes[subscribers.indexOf(most)]!];
  const growthOf = ({ values }: Column, server: number): number[] =>
    ticks.map((_, row) => {
      const at = row * metricsOf(1).length + CPU_PER_CHANGE;
      return values[at]! / few[server]!.values[at]!;
    });
  const [first, ...peers] = many.map((column, server) => ({
    server: column.server,
    values: growthOf(column, server),
    notes: [],
  }));
  return {
    title: `fanout: CPU/change with ${most} subscribers relative to ${least}, rule ${listRuleOf[rule] || "public"}`,
    metrics: ticks.map((changes) => ({
      key: `growth_${changes}`,
      name: `times, ${changes} a tick`,
      digits: 2,
      better: "less",
    })),
    columns: [first!, ...peers],
    legend: [],
    failures: [],
  };
}
