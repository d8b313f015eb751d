import { RawConnection } from "../packages/server/test/support/raw-connection.ts";
import { request } from "../packages/server/test/support/request.ts";
import { type Bench, measureEach, type Report } from "./lib/bench.ts";
import { keepToLastCore } from "./lib/cores.ts";
import { requireOpenFiles } from "./lib/open-files.ts";
import type { NumberOption } from "./lib/options.ts";
import { percentile } from "./lib/percentile.ts";
import { recordTargets } from "./lib/record-target.ts";
import { countsOf, inexactIn, Stage } from "./lib/stage.ts";
import type { Column, Metric } from "./lib/table.ts";

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
      recordTargets("public", 0).map((start) => () => Stage.open(start, subscribers, 1)),
      (stage) => measure(stage, seconds * 1000, pause),
    );
    return [
      {
        title: `bystander: fan-outs to ${subscribers} streams, one after the other`,
        metrics: METRICS,
        columns,
        legend: [
          "read: one record by its id, on a connection of its own; write: one create, answered",
          "each write waits until the one before has reached everyone; the readers of the streams run at low priority",
          "and all clients on one core, so that what is measured is the server and not who gets the processor",
          "ratio: above 1 the first server is the better one",
        ],
        broken: inexactIn(columns[0].notes),
      },
    ];
  },
};

async function measure(stage: Stage, milliseconds: number, pause: number): Promise<Column> {
  const { target, readers, publisher } = stage;
  await readers.stepBack();
  await keepToLastCore(process.pid);
  using asker = await RawConnection.open(target.publishUrl);
  const path = await someRecord(target.publishUrl);
  const read = (): Promise<void> => get(asker, path);
  const write = (): Promise<void> => publisher.publish();
  const rest = (): Promise<void> => Bun.sleep(pause);

  const readsAlone = await timesOf(milliseconds, read, rest);
  const writesAlone = await timesOf(milliseconds, write, rest);
  await stage.listen();
  await stage.begin();
  const [reads] = await Promise.all([timesOf(milliseconds, read, rest), stage.tickUntil(milliseconds, 1)]);
  const ticks = await stage.finish();
  await stage.begin();
  const writes = await timesOf(milliseconds, write, async () => {
    await stage.settled();
    await rest();
  });
  return {
    server: target.name,
    values: [
      percentile(readsAlone, 50),
      percentile(readsAlone, 99),
      percentile(reads, 50),
      percentile(reads, 99),
      percentile(writesAlone, 50),
      percentile(writes, 50),
      percentile(writes, 50) / percentile(writesAlone, 50),
    ],
    notes: [
      ["delivered/expected", countsOf(ticks)],
      ["fan-outs, reads meanwhile", `${ticks.changes}, ${reads.length}`],
    ],
  };
}

/** How long the work took each time, in milliseconds, sorted. */
async function timesOf(
  milliseconds: number,
  work: () => Promise<void>,
  between: () => Promise<void>,
): Promise<Float64Array> {
  const times: number[] = [];
  for (const end = performance.now() + milliseconds; performance.now() < end;) {
    const startedAt = performance.now();
    await work();
    times.push(performance.now() - startedAt);
    await between();
  }
  return Float64Array.from(times).sort();
}

/** The path of a record that the warm-up has left. */
async function someRecord(records: string): Promise<string> {
  const { origin, pathname } = new URL(records);
  const { body } = await request<{ items: { id: string }[] }>(origin, "GET", `${pathname}?perPage=1`);
  return `${pathname}/${body.items[0]!.id}`;
}

async function get(connection: RawConnection, path: string): Promise<void> {
  connection.send("GET", path, undefined);
  const response = await connection.response();
  if (response?.status !== 200) throw new Error(`a record was refused: ${response?.status} ${response?.body}`);
}
