import { fileURLToPath } from "node:url";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { readStats } from "@headwater/testing/servers/process-stats.ts";
import { request } from "@headwater/testing/clients/request.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import type { Bench, Report } from "./report/bench.ts";
import { now } from "./load/clock.ts";
import { requireOpenFiles } from "./load/open-files.ts";
import type { ChoiceOption, NumberOption, NumbersOption } from "./report/options.ts";
import { ReaderProcess } from "./load/reader-process.ts";
import type { Subscription } from "./load/subscription.ts";
import type { PhaseResult } from "./load/readers.ts";
import type { Load, Path } from "./hooks/streams.ts";
import type { Column, Metric } from "./report/table.ts";

const METRICS: readonly Metric[] = [
  { key: "cpu_us_per_event", name: "server CPU us/event", digits: 1, better: "less" },
  { key: "p50_ms", name: "p50 ms", digits: 1, better: "less" },
  { key: "p99_ms", name: "p99 ms", digits: 1, better: "less" },
  { key: "events_per_second", name: "events/s", digits: 0, better: "more" },
  { key: "bytes_per_event", name: "bytes sent/event", digits: 0, better: "less" },
];

const HOOKS = fileURLToPath(new URL("hooks", import.meta.url));
const INEXACT = " (!)";
const WARM_UP_STREAMS = 50;
const PATHS: readonly Path[] = ["progress", "text", "records"];
const NAMES: Readonly<Record<Path, string>> = {
  progress: "task events",
  text: "task text",
  records: "record updates",
};

type Options = {
  readonly path: ChoiceOption<Path | "all">;
  readonly streams: NumberOption;
  readonly rate: NumbersOption;
  readonly seconds: NumberOption;
};

export const tasks: Bench<Options> = {
  summary: "many streams of small events, each with one listener: task events against record updates",
  options: {
    path: { help: "how events are published", default: "all", choices: [...PATHS, "all"] },
    streams: { help: "number of streams, each with one listener", default: 1000, min: 1 },
    rate: { help: "events per second on each stream", default: [50], min: 1 },
    seconds: { help: "seconds to publish events", default: 5, min: 1 },
  },
  async run({ path: chosen, streams, rate: rates, seconds }): Promise<Report[]> {
    requireOpenFiles(streams + 200);
    const reports: Report[] = [];
    for (const rate of rates) {
      const columns: Column[] = [];
      for (const path of chosen === "all" ? PATHS : [chosen])
        columns.push(await measure({ path, streams, rate, seconds }));
      const [first, ...others] = columns;
      reports.push({
        title: `tasks: ${streams} streams, ${rate} events a second on each, ${streams * rate} in total`,
        metrics: METRICS,
        columns: [first!, ...others],
        legend: [
          "events are published inside the server, without a request; from there on delivery is the usual one",
          "CPU: user and system time of the server process, including publishing",
          "p50, p99: from the time an event is due until the reader has it",
          "task text: text written between two flushes is sent as one event",
          "ratio: above 1, the first column is better",
        ],
        failures: columns.flatMap(({ server, notes }) =>
          notes.filter(([, text]) => text.endsWith(INEXACT)).map(([, text]) => `${server}: not exact: ${text}`),
        ),
      });
    }
    return reports;
  },
};

async function measure(load: Load): Promise<Column> {
  await using server = await startServer({ args: ["--hooks", HOOKS] });
  await (await SuperuserClient.signIn(server.url)).createCollection(PUBLIC_NOTES);
  using readers = new ReaderProcess();
  await runLoad(server, readers, { ...load, streams: WARM_UP_STREAMS, seconds: 1 });
  await readers.close();
  const { events, cpuMicros, phase, seconds } = await runLoad(server, readers, load);
  return {
    server: NAMES[load.path],
    values: [cpuMicros / events, phase.p50, phase.p99, events / seconds, phase.bytes / events],
    notes: [["delivered/expected", `${phase.delivered}/${events}${phase.exact ? "" : INEXACT}`]],
  };
}

interface RunResult {
  readonly events: number;
  readonly cpuMicros: number;
  /** From the first event to the last delivery. */
  readonly seconds: number;
  readonly phase: PhaseResult;
}

async function runLoad({ url, pid }: ServerProcess, readers: ReaderProcess, load: Load): Promise<RunResult> {
  const ids = await post<readonly string[]>(url, "/bench/streams", load);
  await readers.open(subscriptionOf(url, load.path, ids), load.streams);
  await readers.begin({ subscribers: load.streams, count: load.streams });
  const [cpuBefore, startedAt] = [readStats(pid).cpuMicros, now()];
  const { events } = await post<{ readonly events: number }>(url, "/bench/load", { ...load, ids });
  await readers.reached(events);
  const cpuMicros = readStats(pid).cpuMicros - cpuBefore;
  const phase = await readers.finish(events);
  return { events, cpuMicros, phase, seconds: (phase.lastAt - startedAt) / 1_000 };
}

const subscriptionOf = (url: string, path: Path, ids: readonly string[]): Subscription =>
  path === "records"
    ? { url: `${url}/api/realtime`, topics: ids.map((id) => `${PUBLIC_NOTES.name}/${id}`) }
    : { url, urls: ids.map((id) => `${url}/api/tasks/${id}/stream`) };

async function post<Response>(url: string, path: string, body: unknown): Promise<Response> {
  const { status, body: response, text } = await request<Response>(url, "POST", path, { body });
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  return response;
}
