import { RawConnection } from "@headwater/testing/clients/raw-connection.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { type Bench, measureEach, type Report } from "./report/bench.ts";
import { pinOffLastCore, pinToLastCore } from "./load/cores.ts";
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
  { key: "write_times", name: "write p50, relative to no streams", digits: 2, better: "less" },
];

type Options = { readonly subscribers: NumberOption; readonly seconds: NumberOption; readonly pause: NumberOption };

export const interference: Bench<Options> = {
  summary: "how a fan-out affects the latency of other requests: reads, and the write itself",
  options: {
    subscribers: { help: "event streams that receive each change", default: 5000, min: 1 },
    seconds: { help: "seconds to measure each", default: 5, min: 1 },
    pause: {
      help: "milliseconds between reads, and between a fan-out and the next write",
      default: 2,
      min: 0,
    },
  },
  async run({ subscribers, seconds, pause }): Promise<Report[]> {
    requireOpenFiles(subscribers + 200);
    const columns = await measureEach(
      recordTargets("public", 0).map((start) => () => ServerPair.open(start, subscribers)),
      (pair) => measure(pair, seconds * 1000, pause),
    );
    return [
      {
        title: `interference: fan-outs to ${subscribers} streams, one after the other`,
        metrics: METRICS,
        columns,
        legend: [
          "read: one record by id, on a separate connection; write: one create, until its response",
          "no streams: on a second server of the same kind; its writes alternate with those to all streams",
          "each write waits until the previous one has reached every stream; clients run alone on the last core",
          "ratio: above 1, the first server is better",
        ],
        failures: inexactIn(columns[0].notes),
      },
    ];
  },
};

/** Two identical servers, one with subscribers and one without. */
class ServerPair implements AsyncDisposable {
  private constructor(
    readonly busy: LoadTest,
    readonly quiet: LoadTest,
  ) {}

  static async open(start: () => Promise<RecordTarget>, subscribers: number): Promise<ServerPair> {
    await using opened = new AsyncDisposableStack();
    const busy = opened.use(await LoadTest.open(start, subscribers, 1));
    const quiet = opened.use(await LoadTest.open(start, 1, 1));
    opened.move();
    return new ServerPair(busy, quiet);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.busy[Symbol.asyncDispose]();
    await this.quiet[Symbol.asyncDispose]();
  }
}

async function measure({ busy, quiet }: ServerPair, milliseconds: number, pause: number): Promise<Column> {
  const wait = (): Promise<void> => Bun.sleep(pause);
  // The reader process first: a process started after pinning inherits its parent's core.
  await busy.readers.lowerPriority();
  await pinToLastCore(process.pid);
  for (const { target } of [busy, quiet]) await pinOffLastCore(target.pid);
  await busy.listen();

  const readsAlone = await measureLatencies(milliseconds, await openReader(quiet), wait);
  await busy.begin();
  const [reads] = await Promise.all([
    measureLatencies(milliseconds, await openReader(busy), wait),
    busy.tickUntil(milliseconds, 1),
  ]);
  const ticks = await busy.finish();

  // Alternating, so that a disk that is slow for a while affects both.
  await busy.begin();
  const writesAlone = new Latencies();
  const writes = await measureLatencies(
    milliseconds,
    () => busy.publisher.publish(),
    async () => {
      await busy.settled();
      await wait();
      await writesAlone.time(() => quiet.publisher.publish());
      await wait();
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
      ["fan-outs, concurrent reads, writes", `${ticks.changes}, ${reads.count}, ${writes.count}`],
    ],
  };
}

/** Repeats the work, at least once. @returns its latencies */
async function measureLatencies(
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

/** @returns a function that reads one record created by the warm-up, on a separate connection */
async function openReader({ target }: LoadTest): Promise<() => Promise<void>> {
  const { origin, pathname } = new URL(target.publishUrl);
  const { body } = await request<{ items: { id: string }[] }>(origin, "GET", `${pathname}?perPage=1`);
  const connection = await RawConnection.open(origin);
  return async () => {
    connection.send("GET", `${pathname}/${body.items[0]!.id}`, undefined);
    const response = await connection.response();
    if (response?.status !== 200) throw new Error(`reading a record failed: ${response?.status} ${response?.body}`);
  };
}
