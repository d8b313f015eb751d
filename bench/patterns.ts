import { SocketClient } from "@headwater/testing/clients/socket-client.ts";
import type { Bench, Columns, Report } from "./report/bench.ts";
import { requireOpenFiles } from "./load/open-files.ts";
import type { NumberOption, NumbersOption } from "./report/options.ts";
import { startRecordTarget } from "./targets/record-target.ts";
import { COLLECTION } from "./targets/rules.ts";
import { countsOf, inexactIn, LoadTest, type PhaseMeasurement } from "./load/load-test.ts";
import type { Column, Metric } from "./report/table.ts";
import type { Target } from "./targets/target.ts";

type Options = { readonly patterns: NumbersOption; readonly seconds: NumberOption };

/** What a connection may have. */
const PER_CONNECTION = 100;
const LISTENERS = 10;
const CHANGES_A_TICK = 16;
const ROUNDS = 5;

const METRICS: readonly Metric[] = [
  { key: "cpu_us_per_change", name: "server CPU us/change", digits: 1, better: "less" },
  { key: "p50_ms", name: "p50 ms", digits: 2, better: "less" },
  { key: "p99_ms", name: "p99 ms", digits: 2, better: "less" },
];

export const patterns: Bench<Options> = {
  summary: "changes while many listen for something else",
  options: {
    patterns: { help: "patterns that match no change", standard: [0, 10_000, 100_000], least: 0 },
    seconds: { help: "how long each is measured", standard: 4, least: 0 },
  },
  async run({ patterns: sizes, seconds }): Promise<Report[]> {
    requireOpenFiles(Math.max(...sizes) / PER_CONNECTION + 200);
    const columns = await measure(sizes, seconds);
    return [
      {
        title: `patterns: changes for ${LISTENERS} listeners, ${CHANGES_A_TICK} a tick, beside patterns that match none of them`,
        metrics: METRICS,
        columns,
        legend: ["ratio: above 1 the first column is the better one; 1 says that the patterns cost a change nothing"],
        broken: columns.flatMap(({ notes }) => inexactIn(notes)),
      },
    ];
  },
};

/** All servers stand at once and take turns: what else the machine does meanwhile meets them alike. */
async function measure(sizes: readonly number[], seconds: number): Promise<Columns> {
  await using opened = new AsyncDisposableStack();
  const stages: LoadTest[] = [];
  for (const size of sizes) stages.push(opened.use(await LoadTest.open(crowded(size), LISTENERS, CHANGES_A_TICK)));
  for (const stage of stages) {
    await stage.listen();
    await stage.begin();
  }
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const stage of stages) await stage.tickUntil((seconds * 1000 * round) / ROUNDS, CHANGES_A_TICK);
  }
  const [first, ...peers] = await Promise.all(
    stages.map(async (stage) => columnOf(stage.target.name, await stage.finish())),
  );
  return [first!, ...peers];
}

const columnOf = (server: string, ticks: PhaseMeasurement): Column => ({
  server,
  values: [ticks.cpuMicros / ticks.changes, ticks.p50, ticks.p99],
  notes: [["delivered/expected", countsOf(ticks)]],
});

/** Our server with a crowd whose patterns are of records that nobody writes. */
const crowded = (size: number) => async (): Promise<Target> => {
  const target = await startRecordTarget("headwater", "public", 0, "ws");
  const crowd: SocketClient[] = [];
  const leave = async (): Promise<void> => {
    for (const client of crowd) client.close();
    await target[Symbol.asyncDispose]();
  };
  try {
    for (let from = 0; from < size; from += PER_CONNECTION) {
      const client = await SocketClient.connect(target.url, { onMessage: () => undefined });
      crowd.push(client);
      const pattern = Array.from(
        { length: Math.min(PER_CONNECTION, size - from) },
        (_, i) => `${COLLECTION}.nobody${from + i}`,
      );
      await client.requestMany(pattern.length, { type: "subscribe", pattern });
    }
    return { ...target, name: `${size.toLocaleString("en-US")} patterns`, [Symbol.asyncDispose]: leave };
  } catch (error) {
    await leave();
    throw error;
  }
};
