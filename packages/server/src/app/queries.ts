import type { Folder } from "./folder.ts";
import { RunningImports } from "../api/transfer/running-imports.ts";
import type { Config } from "../config.ts";
import { StreamedAnswers } from "../http/streamed-json.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { ObservedStore, SqliteStoreOptions } from "../store/sqlite/sqlite-store.ts";

/** Large answers that may be on their way at the same time, in sizes of the largest. */
const MAX_STREAMED = 4;

export const storeOptions = ({ queries }: Config): SqliteStoreOptions => ({
  readers: {
    readers: queries.readers,
    limitMs: queries.ms,
    memoryBytes: queries.readerBytes,
    answerBytes: queries.answerBytes,
  },
});

export function observeReaders(store: ObservedStore, metrics: Metrics): void {
  metrics.gauge("headwater_reader_queries", "Queries that run in reader processes.", () => store.readers?.busy ?? 0);
  metrics.gauge("headwater_reader_queue", "Queries that wait for a reader process.", () => store.readers?.waiting ?? 0);
  metrics.total("headwater_reader_queries_total", "Queries finished by reader processes.", () => [
    ["", store.readers?.finished ?? 0],
  ]);
  metrics.total("headwater_queries_cut_total", "Queries cut or refused, by reason.", () => [
    ...(store.readers?.cut ?? []),
  ]);
}

export const observeScripts = ({ sql }: Folder, metrics: Metrics): void =>
  metrics.total("headwater_sql_scripts_total", "SQL scripts of superusers, by outcome.", () => [...sql.outcomes]);

export function createImports({ limits }: Config, metrics: Metrics): RunningImports {
  const imports = new RunningImports(limits.imports.running, (limit) => metrics.refused(limit));
  metrics.gauge("headwater_imports", "Imports of records over HTTP that are running.", () => imports.count);
  return imports;
}

export function createStreamedAnswers({ queries }: Config, metrics: Metrics): StreamedAnswers {
  const answers = new StreamedAnswers(queries.answerBytes * MAX_STREAMED);
  metrics.gauge("headwater_streamed_answer_bytes", "Size of the large answers on their way.", () => answers.length);
  return answers;
}
