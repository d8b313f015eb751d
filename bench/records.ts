import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { readStats, residentBytes } from "@headwater/testing/servers/process-stats.ts";
import { hasPocketBase } from "@headwater/testing/servers/server-command.ts";
import { type ServerOptions, type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { addRecordWork, RECORD_WORK, type RecordFixture, type RecordWork } from "./load/record-work.ts";
import type { Bench, Columns, Report } from "./report/bench.ts";
import { Latencies } from "./report/latencies.ts";
import type { ChoiceOption, NumberOption, TextOption } from "./report/options.ts";
import type { Column, Metric } from "./report/table.ts";

interface Options {
  readonly [name: string]: NumberOption | TextOption | ChoiceOption;
  readonly rows: NumberOption;
  readonly clients: NumberOption;
  readonly milliseconds: NumberOption;
  readonly rounds: NumberOption;
  readonly warmup: NumberOption;
  readonly writes: NumberOption;
  readonly only: ChoiceOption;
  readonly baseline: TextOption;
  readonly profile: TextOption;
}

const ALL = "all";
const UPDATE = RECORD_WORK.find(({ key }) => key === "update")!;
/** After which a server is warm. */
const WARM_REQUESTS = 12_000;
const ADDRESS = "X-Forwarded-For";

export const records: Bench<Options> = {
  summary: "reads and writes of records over HTTP, also beside another source tree",
  options: {
    rows: { help: "records in each large collection", default: 10_000, min: 100 },
    clients: { help: "concurrent requests", default: 64, min: 1 },
    milliseconds: { help: "how long each server gets each kind of request in a round", default: 700, min: 1 },
    rounds: { help: "rounds, in each of which the servers take turns", default: 4, min: 1 },
    warmup: { help: "milliseconds of each kind of request before the first round, at most", default: 6_000, min: 1 },
    writes: { help: "updates a second beside the measured requests", default: 0, min: 0 },
    only: { help: "one kind of request", default: ALL, choices: [ALL, ...RECORD_WORK.map(({ key }) => key)] },
    baseline: { help: "another Headwater tree to compare with", default: "", value: "dir" },
    profile: { help: "a folder for a profile of Headwater, which slows it down", default: "", value: "dir" },
  },
  async run({ rows, clients, milliseconds, rounds, warmup, writes, only, baseline, profile }): Promise<Report[]> {
    await using servers = new AsyncDisposableStack();
    const works = RECORD_WORK.filter(({ key }) => only === ALL || only === key);
    const tested: Tested[] = [];
    for (const [name, options] of serversOf(baseline, profile)) {
      const server = servers.use(await startServer(options));
      tested.push(new Tested(name, server, await addRecordWork(server, rows)));
    }
    const order = [...tested];
    for (const work of works) {
      for (const server of tested) await server.warmUp(work, warmup, clients);
      // All servers take turns, so that a machine that is busy for a while slows down all of them.
      for (let round = 0; round < rounds; round += 1) {
        for (const server of order) await server.measure(work, milliseconds, clients, writes);
        order.push(order.shift()!);
      }
    }
    const columns = tested.map((server) => server.column(works));
    // Bun writes the profile when the process ends by itself.
    if (profile !== "") await tested[0]!.server.stop();
    return [
      {
        title: `records: ${clients} requests at a time, ${rows} records, ${rounds} rounds of ${milliseconds} ms, ${writes} writes/s`,
        metrics: metricsOf(works),
        columns: columns as unknown as Columns,
        legend: ["CPU: of the server and its readers, per request", "ratio: above 1, the first server is better"],
        failures: [],
      },
    ];
  },
};

const metricsOf = (works: readonly RecordWork[]): readonly Metric[] => [
  ...works.flatMap(({ key, name }): Metric[] => [
    { key: `${key}_cpu_us`, name: `${name}: server CPU us`, digits: 0, better: "less" },
    { key: `${key}_per_second`, name: `${name}: requests/s`, digits: 0, better: "more" },
    { key: `${key}_p50_ms`, name: `${name}: p50 ms`, digits: 2, better: "less" },
  ]),
  { key: "memory_mb", name: "memory of all its processes, MB", digits: 0, better: "less" },
];

function serversOf(baseline: string, profile: string): readonly (readonly [name: string, ServerOptions])[] {
  const args = ["--trusted-proxy-header", ADDRESS];
  const runtimeArgs = profile === "" ? [] : ["--cpu-prof-md", "--cpu-prof-dir", profile, "--cpu-prof-interval", "200"];
  return [
    ["headwater", { kind: "headwater", args, runtimeArgs }],
    ...(baseline === "" ? [] : [["baseline", { kind: "headwater", args, root: baseline }] as const]),
    ...(hasPocketBase ? [["pocketbase", { kind: "pocketbase" }] as const] : []),
  ];
}

/** One of the servers, and what its requests took so far. */
class Tested {
  #writes = 0;
  readonly #results = new Map(
    RECORD_WORK.map(({ key }) => [key, { sent: 0, latencies: new Latencies(), ms: 0, cpuUs: 0 }]),
  );

  constructor(
    readonly name: string,
    readonly server: ServerProcess,
    readonly fixture: RecordFixture,
  ) {}

  /** A just-in-time compiler works beside the first thousands of requests. */
  async warmUp(work: RecordWork, milliseconds: number, clients: number): Promise<void> {
    const until = performance.now() + milliseconds;
    let left = WARM_REQUESTS;
    await this.#send(work, clients, () => (left -= 1) < 0 || performance.now() > until, new Latencies());
  }

  /** @param writes updates a second, after which nothing that was read before may be reused */
  async measure(work: RecordWork, milliseconds: number, clients: number, writes: number): Promise<void> {
    const result = this.#results.get(work.key)!;
    const write = (): void => void this.#request(UPDATE, (this.#writes += 1), "10.1.0.0");
    const timer = writes > 0 ? setInterval(write, 1_000 / writes) : undefined;
    const cpuBefore = readStats(this.server.pid).cpuMicros;
    const start = performance.now();
    await this.#send(work, clients, () => performance.now() - start > milliseconds, result.latencies);
    clearInterval(timer);
    result.ms += performance.now() - start;
    result.cpuUs += readStats(this.server.pid).cpuMicros - cpuBefore;
  }

  column(works: readonly RecordWork[]): Column {
    const values = works.flatMap(({ key }) => {
      const { latencies, ms, cpuUs } = this.#results.get(key)!;
      return [cpuUs / latencies.count, (latencies.count * 1_000) / ms, latencies.percentile(50)];
    });
    return { server: this.name, values: [...values, residentBytes(this.server.pid) / 2 ** 20], notes: [] };
  }

  /** Sends requests, so many at a time, while there are to be more. */
  async #send(work: RecordWork, clients: number, isOver: () => boolean, latencies: Latencies): Promise<void> {
    const result = this.#results.get(work.key)!;
    await inParallel(clients, clients, async (client) => {
      // A server may limit what one address gets at a time.
      const address = `10.0.${client >> 8}.${client & 255}`;
      while (!isOver()) await latencies.time(() => this.#request(work, (result.sent += 1), address));
    });
  }

  async #request(work: RecordWork, number: number, address: string): Promise<void> {
    const { method, path, token, body } = work.request(number, this.fixture);
    const headers = {
      "Content-Type": "application/json",
      [ADDRESS]: address,
      ...(token !== undefined && { Authorization: token }),
    };
    const sent = body ? JSON.stringify(body) : null;
    const response = await fetch(this.server.url + path, { method, headers, body: sent });
    const text = await response.text();
    if (!response.ok) throw new Error(`${this.name}: ${work.name}: ${response.status} ${text}`);
  }
}
