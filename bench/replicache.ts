import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PRIVATE_NOTES } from "@headwater/testing/servers/collections.ts";
import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import type { Bench, Columns, Report } from "./report/bench.ts";
import { type Account, addAccounts } from "./load/accounts.ts";
import type { NumberOption, NumbersOption } from "./report/options.ts";
import { Latencies } from "./report/latencies.ts";
import { addDiaries } from "./load/add-records.ts";
import { SyncClient } from "./load/sync-client.ts";
import type { Column, Metric } from "./report/table.ts";

const PULLS: readonly Metric[] = [
  { key: "noop_ms", name: "no-op pull, p50 ms", digits: 3, better: "less" },
  { key: "noop_cpu_us", name: "server CPU us", digits: 1, better: "less" },
  { key: "change_ms", name: "pull after one change, p50 ms", digits: 3, better: "less" },
  { key: "change_cpu_us", name: "server CPU us, including the write", digits: 1, better: "less" },
  { key: "first_ms", name: "first pull, all pages, ms", digits: 0, better: "less" },
  { key: "first_pages", name: "pages", digits: 0, better: "less" },
  { key: "first_mib", name: "MiB of JSON", digits: 1, better: "less" },
  { key: "longest_ms", name: "longest concurrent request, ms", digits: 1, better: "less" },
];

const PUSHES: readonly Metric[] = [
  { key: "singly", name: "mutations/s", digits: 0, better: "more" },
  { key: "cpu_us", name: "server CPU us/mutation", digits: 1, better: "less" },
];

type Options = {
  readonly rows: NumbersOption;
  readonly pulls: NumberOption;
  readonly clients: NumberOption;
  readonly mutations: NumberOption;
};

export const replicache: Bench<Options> = {
  summary: "pulls over client views of several sizes, and pushes",
  options: {
    rows: {
      help: "records the user may see; half as many invisible ones are added",
      default: [2_000, 20_000, 200_000],
      min: 1,
    },
    pulls: { help: "pulls of each kind", default: 1000, min: 10 },
    clients: { help: "clients that push concurrently", default: 16, min: 1 },
    mutations: { help: "mutations to push", default: 16_000, min: 100 },
  },
  async run({ rows, pulls, clients, mutations }): Promise<Report[]> {
    const columns: Column[] = [];
    for (const count of rows) columns.push(await measurePulls(count, pulls));
    return [
      {
        title: `replicache: ${pulls} pulls of each kind, by the size of the view`,
        metrics: PULLS,
        columns: columns as unknown as Columns,
        legend: [
          "rule: owner = @request.auth.id; sequential requests over one HTTP connection",
          "ratio: the cost with the larger view relative to the first",
        ],
        failures: columns.flatMap((column) => grown(columns[0]!, column)),
      },
      {
        title: `replicache: ${mutations} mutations by ${clients} clients`,
        metrics: PUSHES,
        columns: [
          await measurePushes("singly", 1, clients, mutations),
          await measurePushes("by 100", 100, clients, mutations),
        ],
        legend: ["each mutation creates a record under a rule", "ratio: below 1, the second column is better"],
        failures: [],
      },
    ];
  },
};

/** Metrics that must not grow with the view. */
const SIZE_INDEPENDENT = [0, 2];
const MAX_GROWTH = 2;

const grown = (first: Column, { server, values }: Column): string[] =>
  SIZE_INDEPENDENT.filter((at) => values[at]! > MAX_GROWTH * first.values[at]!).map(
    (at) => `${PULLS[at]!.name} takes ${(values[at]! / first.values[at]!).toFixed(2)} times as long with ${server}`,
  );

async function withServer<T>(
  work: (server: ServerProcess, accounts: readonly Account[]) => Promise<T>,
  users: number,
): Promise<T> {
  await using server = await startServer({ kind: "headwater" });
  const admin = await SuperuserClient.signIn(server.url);
  await admin.createCollection(PRIVATE_NOTES);
  return await work(server, await addAccounts(admin, server.dir, users));
}

const measurePulls = (rows: number, pulls: number): Promise<Column> =>
  withServer(async (server, [user, other]) => {
    addDiaries(server.dir, user!.id, rows);
    addDiaries(server.dir, other!.id, Math.ceil(rows / 2));
    using client = await SyncClient.open(server.url, user!.token);
    using otherClient = await SyncClient.open(server.url, other!.token);
    const first = await client.pullAll(() => otherClient.stats());
    for (let i = 0; i < pulls / 10; i += 1) await client.pull();
    const [noops, noopCpu] = await measure(server, pulls, () => client.pull());
    const [changes, changeCpu] = await measure(server, pulls, async (i) => {
      await client.write(user!.id, `${i}`);
      return client.pull();
    });
    return {
      server: `${rows.toLocaleString("en-US")} rows`,
      values: [
        noops.percentile(50),
        noopCpu,
        changes.percentile(50),
        changeCpu,
        first.ms,
        first.pages,
        first.bytes / (1 << 20),
        first.longestOther,
      ],
      notes: [],
    };
  }, 2);

/** @returns the durations that the work reports, and the server's CPU microseconds for each */
async function measure(
  server: ServerProcess,
  count: number,
  work: (index: number) => Promise<number>,
): Promise<readonly [Latencies, number]> {
  const times = new Latencies();
  const before = readStats(server.pid).cpuMicros;
  for (let i = 0; i < count; i += 1) times.add(await work(i));
  return [times, (readStats(server.pid).cpuMicros - before) / count];
}

const measurePushes = (name: string, size: number, clients: number, mutations: number): Promise<Column> =>
  withServer(async (server, accounts) => {
    const opened = await Promise.all(accounts.map(({ token }) => SyncClient.open(server.url, token)));
    const pushes = Math.ceil(mutations / clients / size);
    const push = (count: number): Promise<void> =>
      inParallel(clients, clients, async (i) => {
        for (let done = 0; done < count; done += 1) await opened[i]!.push(accounts[i]!.id, size);
      });
    await push(Math.ceil(pushes / 10));
    const [before, start] = [readStats(server.pid).cpuMicros, performance.now()];
    await push(pushes);
    const [seconds, done] = [(performance.now() - start) / 1000, pushes * size * clients];
    const cpu = readStats(server.pid).cpuMicros - before;
    for (const client of opened) client[Symbol.dispose]();
    return { server: name, values: [done / seconds, cpu / done], notes: [] };
  }, clients);
