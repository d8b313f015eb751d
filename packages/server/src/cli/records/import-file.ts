import { explainApiError, ApiError } from "../../lib/api-error.ts";
import { UserError } from "../../lib/user-error.ts";
import { systemContext } from "../../auth/system-context.ts";
import type { Folder } from "../../app/folder.ts";
import { recordBodyLimit } from "../../http/files/upload-limits.ts";
import { assertWritable } from "../../records/model/writable-collection.ts";
import { importRecords } from "../../records/transfer/import-records.ts";
import type { ImportReport, RefusedRow } from "../../records/transfer/import-report.ts";
import { readRows } from "../../records/transfer/read-rows.ts";
import { StagedRows } from "../../records/transfer/staged-rows.ts";
import { formatOfFile, type TransferFormat } from "../../records/transfer/transfer-format.ts";
import { openExistingFolder } from "../existing-folder.ts";
import { type CollectionsPlace, sendStream, signInAt } from "../remote-server.ts";
import { Progress } from "./progress.ts";
import { findCollection, readDelimiter } from "./transfer-options.ts";

export interface ImportFileOptions {
  readonly format?: string | undefined;
  readonly delimiter: string;
  readonly raw: boolean;
  readonly map: readonly string[];
  readonly upsert: boolean;
  readonly continueOnError: boolean;
  readonly atomic: boolean;
  readonly dryRun: boolean;
}

/** Refused rows that a server's report names. */
const MAX_ERRORS = 10_000;

/**
 * Imports records from a file, also while a server is running, and prints what was refused and why.
 *
 * @param file its path; `-` for standard input
 * @throws UserError or ApiError with the problem
 */
export async function importRecordsFile(
  place: CollectionsPlace,
  collection: string,
  file: string,
  options: ImportFileOptions,
): Promise<void> {
  const format = formatOf(file, options.format);
  const progress = new Progress("rows");
  const report =
    "url" in place
      ? await importAt(place, collection, file, format, options)
      : await importInto(place.dir, collection, file, format, options, progress);
  progress.end();
  if ("url" in place) for (const row of report.errors) printRefused(row);
  const leftOut = "url" in place ? report.refused - report.errors.length : 0;
  if (leftOut > 0) process.stderr.write(`${leftOut} more rows were refused.\n`);
  process.stdout.write(`${summaryOf(report)}\n`);
  if (report.refused > 0) process.exitCode = 1;
}

function formatOf(file: string, name: string | undefined): TransferFormat {
  const format = formatOfFile(name === undefined ? file : `.${name}`);
  if (format) return format;
  throw new UserError(`The format of ${file} is not known. Add --format csv, ndjson or json.`);
}

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  const source = file === "-" ? Bun.stdin : Bun.file(file);
  try {
    for await (const chunk of source.stream()) yield chunk;
  } catch (error) {
    throw new UserError(`${file} can't be read: ${error instanceof Error ? error.message : String(error)}.`);
  }
}

async function importInto(
  dir: string,
  name: string,
  file: string,
  format: TransferFormat,
  options: ImportFileOptions,
  progress: Progress,
): Promise<ImportReport> {
  const folder = await openExistingFolder(dir);
  const background: Promise<void>[] = [];
  const stage = options.atomic ? await StagedRows.create(await folder.spool.newPath()) : undefined;
  try {
    const collection = findCollection(folder.registry.current, name);
    assertWritable(collection);
    const csv = { delimiter: readDelimiter(options.delimiter), raw: options.raw };
    const rows = readRows(chunksOf(file), { ...csv, format, maxLength: recordBodyLimit(collection) });
    return await importRecords(targetOf(folder, collection.id, progress, background), rows, {
      ...options,
      stage,
      csv: format === "csv" ? csv : undefined,
      names: new Map(options.map.map(readPair)),
      maxErrors: 0,
    });
  } finally {
    await Promise.allSettled(background);
    await stage?.remove();
    await folder.close();
  }
}

function targetOf(folder: Folder, collection: string, progress: Progress, background: Promise<void>[]) {
  const { store, registry, files } = folder;
  const work = (task: () => Promise<void>): void => void background.push(task());
  return {
    store,
    registry,
    collection,
    context: () => systemContext({ schema: registry.current, files, now: new Date(), background: work }),
    onProgress: async ({ rows }: { readonly rows: number }) => {
      progress.set(rows);
      // A server may have changed the collections.
      await registry.reload(store);
    },
    onRefused: printRefused,
    onFault: (error: unknown, line: number) => void process.stderr.write(`Line ${line}: ${String(error)}\n`),
  };
}

async function importAt(
  { url, superuser }: Extract<CollectionsPlace, { readonly url: string }>,
  collection: string,
  file: string,
  format: TransferFormat,
  { delimiter, raw, map, upsert, continueOnError, atomic, dryRun }: ImportFileOptions,
): Promise<ImportReport> {
  const query = new URLSearchParams({ format, delimiter, errors: String(MAX_ERRORS) });
  for (const [name, isOn] of Object.entries({ raw, upsert, continueOnError, atomic, dryRun })) {
    if (isOn) query.set(name, "1");
  }
  for (const pair of map) query.append("map", readPair(pair).join(":"));
  const path = `/api/collections/${encodeURIComponent(collection)}/import?${query.toString()}`;
  const response = await sendStream(await signInAt(url, superuser), "POST", path, chunksOf(file));
  const body = (await response.json()) as { readonly report?: ImportReport; readonly message?: string };
  if (response.ok) return body as unknown as ImportReport;
  if (body.report) return body.report;
  throw new UserError(`${url} answered ${response.status}: ${String(body.message)}`);
}

/** `--map Name=title`; `--map Name=` leaves a column out. */
function readPair(pair: string): readonly [string, string] {
  const at = pair.lastIndexOf("=");
  if (at <= 0) throw new UserError(`--map must be COLUMN=FIELD, not "${pair}".`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function printRefused({ line, message, data }: RefusedRow): void {
  process.stderr.write(`Line ${line}: ${explainApiError(new ApiError(400, message, data))}\n`);
}

function summaryOf({ dryRun, rows, created, updated, refused, stoppedAt }: ImportReport): string {
  const verb = (count: number): string => (dryRun ? "would be" : count === 1 ? "was" : "were");
  const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? "" : "s"}`;
  const read = `${counted(rows, "row")} ${rows === 1 ? "was" : "were"} read`;
  const written = `${counted(created, "record")} ${verb(created)} created, ${updated} updated`;
  const counts = `${read}: ${written}; ${counted(refused, "row")} ${verb(refused)} refused.`;
  return stoppedAt === undefined ? counts : `${counts} The import ended at line ${stoppedAt}.`;
}
