import { Database } from "bun:sqlite";
import { join } from "node:path";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { hasPocketBase } from "@headwater/testing/servers/server-command.ts";
import { type ServerOptions, type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import type { Bench, Columns, Report } from "./report/bench.ts";
import { Latencies } from "./report/latencies.ts";
import type { NumberOption, TextOption } from "./report/options.ts";
import type { Column, Metric } from "./report/table.ts";

interface Options {
  readonly [name: string]: NumberOption | TextOption;
  readonly records: NumberOption;
  readonly requests: NumberOption;
  readonly clients: NumberOption;
  readonly rounds: NumberOption;
  readonly baseline: TextOption;
}

/** A kind of request. `number` counts its requests. */
interface Operation {
  readonly key: string;
  readonly name: string;
  readonly request: (number: number, records: number) => readonly [method: string, path: string, body?: object];
}

const PATH = "/api/collections/notes/records";
const FILTER = encodeURIComponent('count > 100 && title ~ "day 9"');

const OPERATIONS: readonly Operation[] = [
  { key: "view", name: "getOne", request: (n, records) => ["GET", `${PATH}/${idOf((n * 7919) % records)}`] },
  { key: "list", name: "list of 20", request: (n) => ["GET", `${PATH}?perPage=20&page=${1 + (n % 20)}`] },
  {
    key: "page",
    name: "list of 20, no total",
    request: (n) => ["GET", `${PATH}?perPage=20&skipTotal=1&page=${1 + (n % 20)}`],
  },
  { key: "filter", name: "list of 20, filter", request: () => ["GET", `${PATH}?perPage=20&filter=${FILTER}`] },
  { key: "create", name: "create", request: (n) => ["POST", PATH, { title: `new ${n}`, count: n }] },
];

const METRICS: readonly Metric[] = OPERATIONS.flatMap(({ key, name }): Metric[] => [
  { key: `${key}_per_second`, name: `${name}: requests/s`, digits: 0, better: "more" },
  { key: `${key}_p50_ms`, name: `${name}: p50 ms`, digits: 3, better: "less" },
  { key: `${key}_cpu_us`, name: `${name}: server CPU us`, digits: 0, better: "less" },
]);

export const records: Bench<Options> = {
  summary: "reads and writes of records over HTTP, also beside another source tree",
  options: {
    records: { help: "records in the collection", default: 10_000, min: 100 },
    requests: { help: "requests of each kind and server", default: 4_000, min: 10 },
    clients: { help: "concurrent requests", default: 4, min: 1 },
    rounds: { help: "rounds, in each of which every server gets its share of the requests", default: 10, min: 1 },
    baseline: { help: "another Headwater tree to compare with", default: "", value: "dir" },
  },
  async run({ records: count, requests, clients, rounds, baseline }): Promise<Report[]> {
    await using servers = new AsyncDisposableStack();
    const tested: Tested[] = [];
    for (const [name, options] of serversOf(baseline)) {
      tested.push(await Tested.open(name, servers.use(await startServer(options)), count));
    }
    // All servers take turns, so that a machine that is busy for a while slows down all of them.
    for (let round = 0; round < rounds; round += 1) {
      for (const operation of OPERATIONS) {
        for (const server of tested) await server.run(operation, Math.ceil(requests / rounds), { clients, count });
        tested.push(tested.shift()!);
      }
    }
    const columns = serversOf(baseline).map(([name]) => tested.find((server) => server.name === name)!.column());
    return [
      {
        title: `records: ${requests} requests of each kind by ${clients} clients, ${count} records, ${rounds} rounds`,
        metrics: METRICS,
        columns: columns as unknown as Columns,
        legend: ["CPU: of the server and its readers, per request", "ratio: above 1, the first server is better"],
        failures: [],
      },
    ];
  },
};

const serversOf = (baseline: string): readonly (readonly [name: string, ServerOptions])[] => [
  ["headwater", { kind: "headwater" }],
  ...(baseline === "" ? [] : [["baseline", { kind: "headwater", root: baseline }] as const]),
  ...(hasPocketBase ? [["pocketbase", { kind: "pocketbase" }] as const] : []),
];

const idOf = (number: number): string => `note${String(number).padStart(11, "0")}`;

interface Load {
  /** Concurrent requests. */
  readonly clients: number;
  /** Records in the collection at the start. */
  readonly count: number;
}

/** One of the servers, and what its requests took so far. */
class Tested {
  readonly #results = new Map(OPERATIONS.map(({ key }) => [key, { latencies: new Latencies(), ms: 0, cpuUs: 0 }]));

  private constructor(
    readonly name: string,
    readonly server: ServerProcess,
  ) {}

  static async open(name: string, server: ServerProcess, count: number): Promise<Tested> {
    const admin = await SuperuserClient.signIn(server.url);
    await admin.createCollection({
      name: "notes",
      type: "base",
      ...Object.fromEntries(["listRule", "viewRule", "createRule"].map((rule) => [rule, ""])),
      fields: [
        { name: "title", type: "text" },
        { name: "count", type: "number" },
      ],
    });
    addNotes(server.dir, count);
    const tested = new Tested(name, server);
    for (const operation of OPERATIONS) await tested.#send(operation, 200, { clients: 4, count });
    return tested;
  }

  async run(operation: Operation, requests: number, load: Load): Promise<void> {
    const result = this.#results.get(operation.key)!;
    const cpuBefore = readStats(this.server.pid).cpuMicros;
    const start = performance.now();
    await this.#send(operation, requests, load, result.latencies);
    result.ms += performance.now() - start;
    result.cpuUs += readStats(this.server.pid).cpuMicros - cpuBefore;
  }

  column(): Column {
    const values = OPERATIONS.flatMap(({ key }) => {
      const { latencies, ms, cpuUs } = this.#results.get(key)!;
      return [(latencies.count * 1_000) / ms, latencies.percentile(50), cpuUs / latencies.count];
    });
    return { server: this.name, values, notes: [] };
  }

  async #send(
    operation: Operation,
    requests: number,
    { clients, count }: Load,
    latencies = new Latencies(),
  ): Promise<void> {
    await inParallel(requests, clients, (number) =>
      latencies.time(async () => {
        const [method, path, body] = operation.request(number, count);
        const headers = { "Content-Type": "application/json" };
        const response = await fetch(this.server.url + path, {
          method,
          headers,
          body: body ? JSON.stringify(body) : null,
        });
        const text = await response.text();
        if (!response.ok) throw new Error(`${this.name}: ${operation.name}: ${response.status} ${text}`);
      }),
    );
  }
}

/** Over the API, many records would take too long. */
function addNotes(dir: string, count: number): void {
  using database = new Database(join(dir, "data.db"));
  database.run("PRAGMA busy_timeout = 10000");
  database.run(
    `INSERT INTO notes (id, title, count)
     WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ?)
     SELECT printf('note%011d', i), 'what happened on day ' || i, i FROM n`,
    [count],
  );
}
