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

/** The maximum number of patterns on a connection. */
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
  summary: "cost of changes while many clients subscribe to other records",
  options: {
    patterns: { help: "number of patterns that match no change", default: [0, 10_000, 100_000], min: 0 },
    seconds: { help: "seconds to measure each", default: 4, min: 0 },
  },
  async run({ patterns: sizes, seconds }): Promise<Report[]> {
    requireOpenFiles(Math.max(...sizes) / PER_CONNECTION + 200);
    const columns = await measure(sizes, seconds);
    return [
      {
        title: `patterns: changes for ${LISTENERS} listeners, ${CHANGES_A_TICK} a tick, with other patterns that match none of them`,
        metrics: METRICS,
        columns,
        legend: ["ratio: above 1, the first column is better; 1 means that unmatched patterns cost nothing"],
        failures: columns.flatMap(({ notes }) => inexactIn(notes)),
      },
    ];
  },
};

/** Runs all servers at once and alternates between them, so that other load on the machine affects them equally. */
async function measure(sizes: readonly number[], seconds: number): Promise<Columns> {
  await using opened = new AsyncDisposableStack();
  const loadTests: LoadTest[] = [];
  for (const size of sizes)
    loadTests.push(opened.use(await LoadTest.open(startWithPatterns(size), LISTENERS, CHANGES_A_TICK)));
  for (const loadTest of loadTests) {
    await loadTest.listen();
    await loadTest.begin();
  }
  for (let round = 1; round <= ROUNDS; round += 1) {
    for (const loadTest of loadTests) await loadTest.tickUntil((seconds * 1000 * round) / ROUNDS, CHANGES_A_TICK);
  }
  const [first, ...peers] = await Promise.all(
    loadTests.map(async (loadTest) => columnOf(loadTest.target.name, await loadTest.finish())),
  );
  return [first!, ...peers];
}

const columnOf = (server: string, ticks: PhaseMeasurement): Column => ({
  server,
  values: [ticks.cpuMicros / ticks.changes, ticks.p50, ticks.p99],
  notes: [["delivered/expected", countsOf(ticks)]],
});

/** Starts Headwater with clients that subscribe to records that nobody writes. */
const startWithPatterns = (size: number) => async (): Promise<Target> => {
  const target = await startRecordTarget("headwater", "public", 0, "ws");
  const idleClients: SocketClient[] = [];
  const dispose = async (): Promise<void> => {
    for (const client of idleClients) client.close();
    await target[Symbol.asyncDispose]();
  };
  try {
    for (let from = 0; from < size; from += PER_CONNECTION) {
      const client = await SocketClient.connect(target.url, { onMessage: () => undefined });
      idleClients.push(client);
      const pattern = Array.from(
        { length: Math.min(PER_CONNECTION, size - from) },
        (_, i) => `${COLLECTION}.nobody${from + i}`,
      );
      await client.requestMany(pattern.length, { type: "subscribe", pattern });
    }
    return { ...target, name: `${size.toLocaleString("en-US")} patterns`, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
};
