import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { type Bench, measureEach, type Report } from "./report/bench.ts";
import { keepOffLastCore, keepToLastCore } from "./load/cores.ts";
import { requireOpenFiles } from "./load/open-files.ts";
import type { NumberOption } from "./report/options.ts";
import { Latencies } from "./report/latencies.ts";
import { type RecordTarget, recordTargets } from "./targets/record-target.ts";
import { countsOf, inexactIn, LoadTest } from "./load/load-test.ts";
import type { Column, Metric } from "./report/table.ts";

const METRICS: readonly Metric[] = [
  { key: "read_alone_p50_ms", name: "read p50 ms, no streams", digits: 2, better: "less" },
  { key: "read_alone_p99_ms", name: "read p99 ms, no streams", digits: 2, better: "less" },
  { key: "read_p50_ms", name: "read p50 ms, during fan-out", digits: 2, better: "less" },
  { key: "read_p99_ms", name: "read p99 ms, during fan-out", digits: 2, better: "less" },
  { key: "write_alone_p50_ms", name: "write p50 ms, no streams", digits: 2, better: "less" },
  { key: "write_p50_ms", name: "write p50 ms, to all streams", digits: 2, better: "less" },
  { key: "write_times", name: "write p50, times as long", digits: 2, better: "less" },
];

type Options = { readonly subscribers: NumberOption; readonly seconds: NumberOption; readonly pause: NumberOption };

export const bystander: Bench<Options> = {
  summary: "what others notice of a fan-out: another's read, and the writer itself",
  options: {
    subscribers: { help: "event streams that get each change", standard: 5000, least: 1 },
    seconds: { help: "how long each is measured", standard: 5, least: 1 },
    pause: {
      help: "milliseconds between two reads, and between the end of a fan-out and the next write",
      standard: 2,
      least: 0,
    },
  },
  async run({ subscribers, seconds, pause }): Promise<Report[]> {
    requireOpenFiles(subscribers + 200);
    const columns = await measureEach(
      recordTargets("public", 0).map((start) => () => Pair.open(start, subscribers)),
      (pair) => measure(pair, seconds * 1000, pause),
    );
    return [
      {
        title: `bystander: fan-outs to ${subscribers} streams, one after the other`,
        metrics: METRICS,
        columns,
        legend: [
          "read: one record by its id, on a connection of its own; write: one create, answered",
          "no streams: on a second server of the same kind, the writes in turns with those to all streams",
          "each write waits until the one before has reached everyone; clients have the last core to themselves",
          "ratio: above 1 the first server is the better one",
        ],
        broken: inexactIn(columns[0].notes),
      },
    ];
  },
};

/** Two servers that are alike: the one has streams, the other none. */
class Pair implements AsyncDisposable {
  private constructor(
    readonly busy: LoadTest,
    readonly quiet: LoadTest,
  ) {}

  static async open(start: () => Promise<RecordTarget>, subscribers: number): Promise<Pair> {
    await using opened = new AsyncDisposableStack();
    const busy = opened.use(await LoadTest.open(start, subscribers, 1));
    const quiet = opened.use(await LoadTest.open(start, 1, 1));
    opened.move();
    return new Pair(busy, quiet);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.busy[Symbol.asyncDispose]();
    await this.quiet[Symbol.asyncDispose]();
  }
}

async function measure({ busy, quiet }: Pair, milliseconds: number, pause: number): Promise<Column> {
  const rest = (): Promise<void> => Bun.sleep(pause);
  // First the readers' own process: what is pinned later starts where its parent is.
  await busy.readers.stepBack();
  await keepToLastCore(process.pid);
  for (const { target } of [busy, quiet]) await keepOffLastCore(target.pid);
  await busy.listen();

  const readsAlone = await timesOf(milliseconds, await reader(quiet), rest);
  await busy.begin();
  const [reads] = await Promise.all([timesOf(milliseconds, await reader(busy), rest), busy.tickUntil(milliseconds, 1)]);
  const ticks = await busy.finish();

  // In turns: a disk that is slow for a while is slow for both.
  await busy.begin();
  const writesAlone = new Latencies();
  const writes = await timesOf(
    milliseconds,
    () => busy.publisher.publish(),
    async () => {
      await busy.settled();
      await rest();
      await writesAlone.time(() => quiet.publisher.publish());
      await rest();
    },
  );
  return {
    server: busy.target.name,
    values: [
      readsAlone.percentile(50),
      readsAlone.percentile(99),
      reads.percentile(50),
      reads.percentile(99),
      writesAlone.percentile(50),
      writes.percentile(50),
      writes.percentile(50) / writesAlone.percentile(50),
    ],
    notes: [
      ["delivered/expected", countsOf(ticks)],
      ["fan-outs, reads meanwhile, writes", `${ticks.changes}, ${reads.count}, ${writes.count}`],
    ],
  };
}

/** Runs the work again and again, at least once. @returns how long it took each time */
async function timesOf(
  milliseconds: number,
  work: () => Promise<void>,
  between: () => Promise<void>,
): Promise<Latencies> {
  const times = new Latencies();
  const end = performance.now() + milliseconds;
  do {
    await times.time(work);
    await between();
  } while (performance.now() < end);
  return times;
}

/** Reads one record that the warm-up has left, again and again, on a connection of its own. */
async function reader({ target }: LoadTest): Promise<() => Promise<void>> {
  const { origin, pathname } = new URL(target.publishUrl);
  const { body } = await request<{ items: { id: string }[] }>(origin, "GET", `${pathname}?perPage=1`);
  const connection = await RawConnection.open(origin);
  return async () => {
    connection.send("GET", `${pathname}/${body.items[0]!.id}`, undefined);
    const response = await connection.response();
    if (response?.status !== 200) throw new Error(`a record was refused: ${response?.status} ${response?.body}`);
  };
}
