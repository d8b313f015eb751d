import { inParallel } from "@headwater/testing/lib/in-parallel.ts";
import { forgetPeak, peakBytes, readStats, residentBytes } from "@headwater/testing/servers/process-stats.ts";
import type { ServerKind } from "@headwater/testing/servers/server-command.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { download, upload } from "./load/upload.ts";
import { type Bench, measureEach, type Report } from "./report/bench.ts";
import { Latencies } from "./report/latencies.ts";
import type { NumberOption } from "./report/options.ts";
import type { Column, Metric } from "./report/table.ts";
import { recordServerKinds } from "./targets/record-target.ts";

const METRICS: readonly Metric[] = [
  { key: "upload_mb_per_second", name: "upload MB/s", digits: 0, better: "more" },
  { key: "upload_cpu_ms_per_mb", name: "upload CPU ms/MB", digits: 2, better: "less" },
  { key: "upload_memory_mb", name: "upload: more RSS, MiB", digits: 1, better: "less" },
  { key: "upload_others_p99_ms", name: "others p99 ms", digits: 1, better: "less" },
  { key: "download_mb_per_second", name: "download MB/s", digits: 0, better: "more" },
  { key: "download_cpu_ms_per_mb", name: "download CPU ms/MB", digits: 2, better: "less" },
  { key: "download_memory_mb", name: "download: more RSS, MiB", digits: 1, better: "less" },
  { key: "download_others_p99_ms", name: "others p99 ms", digits: 1, better: "less" },
];

type Options = { readonly megabytes: NumberOption; readonly parallel: NumberOption };

export const files: Bench<Options> = {
  summary: "large files, uploaded as forms and downloaded",
  options: {
    megabytes: { help: "MiB of each file", default: 2048, min: 1 },
    parallel: { help: "files at once", default: 1, min: 1 },
  },
  async run({ megabytes, parallel }): Promise<Report[]> {
    return [
      {
        title: `files: ${parallel} of ${megabytes} MiB at once`,
        metrics: METRICS,
        columns: await measureEach(
          recordServerKinds().map((kind) => () => startFileServer(kind)),
          (target) => measure(target, megabytes * 2 ** 20, parallel),
        ),
        legend: [
          "more RSS: the most resident memory during the transfer, above what was resident before",
          "others: the latency of another client's requests for one record at a time",
        ],
        failures: [],
      },
    ];
  },
};

type FileServer = ServerProcess & { readonly name: string };

async function startFileServer(kind: ServerKind): Promise<FileServer> {
  const server = await startServer({ kind });
  const admin = await SuperuserClient.signIn(server.url);
  const fields = [{ name: "file", type: "file", maxSize: 2 ** 40 }];
  await admin.createCollection({ name: "files", type: "base", viewRule: "", createRule: "", fields });
  return { ...server, name: kind };
}

async function measure(server: FileServer, bytes: number, parallel: number): Promise<Column> {
  const path = "/api/collections/files/records";
  const small = (await upload(server.url, path, "file", 100)) as { readonly id: string };
  const other = `${server.url}${path}/${small.id}`;
  const records: { readonly id: string; readonly file: string }[] = [];
  const up = await during(server.pid, other, bytes * parallel, () =>
    inParallel(parallel, parallel, async () => {
      records.push((await upload(server.url, path, "file", bytes)) as (typeof records)[number]);
    }),
  );
  const down = await during(server.pid, other, bytes * parallel, () =>
    inParallel(parallel, parallel, async (index) => {
      const { id, file } = records[index]!;
      const received = await download(`${server.url}/api/files/files/${id}/${file}`);
      if (received !== bytes) throw new Error(`${received} bytes of ${bytes}`);
    }),
  );
  return { server: server.name, values: [...up, ...down], notes: [] };
}

/** @returns MiB a second, CPU milliseconds a MiB, MiB of memory, and the p99 of another client in milliseconds */
async function during(pid: number, other: string, bytes: number, work: () => Promise<void>): Promise<number[]> {
  const [memory, cpu] = [residentBytes(pid), readStats(pid).cpuMicros];
  forgetPeak(pid);
  const latencies = new Latencies();
  const state = { done: false };
  const asking = (async () => {
    while (!state.done) {
      await latencies.time(async () => void (await (await fetch(other)).arrayBuffer()));
      await Bun.sleep(2);
    }
  })();
  const start = performance.now();
  await work();
  const seconds = (performance.now() - start) / 1000;
  state.done = true;
  await asking;
  const mebibytes = bytes / 2 ** 20;
  return [
    mebibytes / seconds,
    (readStats(pid).cpuMicros - cpu) / 1_000 / mebibytes,
    Math.max(0, peakBytes(pid) - memory) / 2 ** 20,
    latencies.percentile(99),
  ];
}
