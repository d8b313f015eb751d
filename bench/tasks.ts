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
import type { PhaseResult, Subscription } from "./load/readers.ts";
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
const WARM_STREAMS = 50;
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
  summary: "many streams of small events, each with one listener: by tasks, and by updates of records",
  options: {
    path: { help: "what the events go by", standard: "all", choices: [...PATHS, "all"] },
    streams: { help: "streams, each with a listener of its own", standard: 1000, least: 1 },
    rate: { help: "events of each stream a second", standard: [50], least: 1 },
    seconds: { help: "how long the events come", standard: 5, least: 1 },
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
        title: `tasks: ${streams} streams, ${rate} events a second on each, ${streams * rate} in all`,
        metrics: METRICS,
        columns: [first!, ...others],
        legend: [
          "the events are made within the server, so that no request is part of it; the rest of their way is the usual one",
          "CPU: user and system time of the server's process, the making of the events included",
          "p50, p99: from the moment at which an event is due to the reader's bytes",
          "task text: pieces that are told between two writes go as one event",
          "ratio: above 1 the first column is the better one",
        ],
        broken: columns.flatMap(({ server, notes }) =>
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
  await play(server, readers, { ...load, streams: WARM_STREAMS, seconds: 1 });
  await readers.close();
  const { events, cpuMicros, phase, seconds } = await play(server, readers, load);
  return {
    server: NAMES[load.path],
    values: [cpuMicros / events, phase.p50, phase.p99, events / seconds, phase.bytes / events],
    notes: [["delivered/expected", `${phase.delivered}/${events}${phase.exact ? "" : INEXACT}`]],
  };
}

interface Played {
  readonly events: number;
  readonly cpuMicros: number;
  /** From the first event to the last delivery. */
  readonly seconds: number;
  readonly phase: PhaseResult;
}

async function play({ url, pid }: ServerProcess, readers: ReaderProcess, load: Load): Promise<Played> {
  const ids = await ask<readonly string[]>(url, "/bench/streams", load);
  await readers.open(subscriptionOf(url, load.path, ids), load.streams);
  await readers.begin({ subscribers: load.streams, count: load.streams });
  const [cpuBefore, startedAt] = [readStats(pid).cpuMicros, now()];
  const { events } = await ask<{ readonly events: number }>(url, "/bench/load", { ...load, ids });
  await readers.reached(events);
  const cpuMicros = readStats(pid).cpuMicros - cpuBefore;
  const phase = await readers.finish(events);
  return { events, cpuMicros, phase, seconds: (phase.lastAt - startedAt) / 1_000 };
}

const subscriptionOf = (url: string, path: Path, ids: readonly string[]): Subscription =>
  path === "records"
    ? { url: `${url}/api/realtime`, topics: ids.map((id) => `${PUBLIC_NOTES.name}/${id}`) }
    : { url, urls: ids.map((id) => `${url}/api/tasks/${id}/stream`) };

async function ask<Answer>(url: string, path: string, body: unknown): Promise<Answer> {
  const { status, body: answer, text } = await request<Answer>(url, "POST", path, { body });
  if (status !== 200) throw new Error(`${path}: ${status} ${text}`);
  return answer;
}
