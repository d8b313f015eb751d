import type { Bench, Columns, Report } from "./report/bench.ts";
import { requireOpenFiles } from "./load/open-files.ts";
import type { ChoiceOption, NumberOption, NumbersOption } from "./report/options.ts";
import { listRuleOf, type Rule, RULES } from "./targets/rules.ts";
import { countsOf, inexactIn, LoadTest, type PhaseMeasurement } from "./load/load-test.ts";
import type { Column, Metric } from "./report/table.ts";
import type { Target } from "./targets/target.ts";
import { targetsOf } from "./targets/targets.ts";
import { type Transport, TRANSPORTS } from "./load/readers.ts";

type Options = {
  readonly rule: ChoiceOption<Rule | "all">;
  readonly subscribers: NumbersOption;
  readonly changes: NumbersOption;
  readonly seconds: NumberOption;
  readonly transport: ChoiceOption<Transport>;
};

const LEGEND = [
  "k a tick: k changes reach the server in one turn of its loop, and the next k when all deliveries have arrived",
  "CPU: user and system time of the server's process, the writes included",
  "p50, p99: from the writer's start of the request to the reader's bytes, over all deliveries",
  "events/write: how many events the server put into one write of a socket",
  "bare loop: one write of the finished bytes for each event and socket, and nothing else",
  "ratio: above 1 the first server is the better one",
];

export const fanout: Bench<Options> = {
  summary: "changes to many event streams or WebSockets under a rule: throughput, CPU, latency",
  options: {
    rule: { help: "who may see the changes", standard: "public", choices: [...RULES, "all"] },
    subscribers: { help: "connections that are open at the same time", standard: [1000], least: 1 },
    changes: { help: "changes that are made in one tick", standard: [1, 16, 64], least: 1 },
    seconds: { help: "how long each is measured; at least one tick", standard: 3, least: 0 },
    transport: { help: "event streams or WebSockets", standard: "sse", choices: TRANSPORTS },
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

/** Of one number of changes a tick. The order is that of `valuesOf`. */
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

/** All servers stand at once and take turns: what else the machine does meanwhile meets them alike. */
async function measure(
  starts: readonly (() => Promise<Target>)[],
  subscribers: number,
  ticks: readonly number[],
  seconds: number,
): Promise<Columns> {
  await using opened = new AsyncDisposableStack();
  const stages: LoadTest[] = [];
  for (const start of starts) stages.push(opened.use(await LoadTest.open(start, subscribers, Math.max(...ticks))));
  for (const stage of stages) await stage.listen();
  const phases = stages.map((): PhaseMeasurement[] => []);
  for (const changes of ticks) {
    for (const stage of stages) await stage.begin();
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const stage of stages) await stage.tickUntil((seconds * 1000 * round) / ROUNDS, changes);
    }
    for (const [at, stage] of stages.entries()) phases[at]!.push(await stage.finish());
  }
  const [first, ...peers] = stages.map(({ target }, at) => columnOf(target.name, ticks, phases[at]!));
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
    broken: inexactIn(columns[0].notes),
  };
}

/** How much more a change costs with the most subscribers than with the fewest. */
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
    title: `fanout: CPU/change with ${most} subscribers as a multiple of that with ${least}, rule ${listRuleOf[rule] || "public"}`,
    metrics: ticks.map((changes) => ({
      key: `growth_${changes}`,
      name: `times, ${changes} a tick`,
      digits: 2,
      better: "less",
    })),
    columns: [first!, ...peers],
    legend: [],
    broken: [],
  };
}
