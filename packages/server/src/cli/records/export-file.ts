import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { systemContext } from "../../auth/system-context.ts";
import { UserError } from "../../lib/user-error.ts";
import { exportRecords } from "../../records/transfer/export-records.ts";
import { formatOfFile } from "../../records/transfer/transfer-format.ts";
import { openExistingFolder } from "../existing-folder.ts";
import { type CollectionsPlace, messageOf, sendStream, signInAt } from "../remote-server.ts";
import { findCollection, readDelimiter } from "./transfer-options.ts";

export interface ExportFileOptions {
  readonly format?: string | undefined;
  readonly delimiter: string;
  readonly raw: boolean;
  readonly fields: string;
  readonly filter: string;
}

/**
 * Exports the records of a collection to a file, also while a server is running.
 *
 * @param file its path; `-` for standard output
 * @throws UserError or ApiError with the problem
 */
export async function exportRecordsFile(
  place: CollectionsPlace,
  collection: string,
  file: string,
  options: ExportFileOptions,
): Promise<void> {
  const format = formatOfFile(options.format === undefined ? file : `.${options.format}`);
  if (!format) throw new UserError(`The format of ${file} is not known. Add --format csv, ndjson or json.`);
  const query = { ...options, format, delimiter: readDelimiter(options.delimiter) };
  const parts: AsyncGenerator<string | Uint8Array> =
    "url" in place ? exportFrom(place, collection, query) : exportOf(place.dir, collection, query);
  // What is refused is refused before the first part, and must not empty the file of an earlier export.
  const first = await parts.next();
  const target = file === "-" ? process.stdout : createWriteStream(file);
  try {
    await pipeline(Readable.from(chained(first, parts)), target, { end: file !== "-" });
  } catch (error) {
    const { code } = error as { readonly code?: unknown };
    if (typeof code !== "string" || !code.startsWith("E")) throw error;
    throw new UserError(`${file} can't be written: ${(error as Error).message}.`);
  } finally {
    await parts.return(undefined);
  }
}

async function* chained<T>(first: IteratorResult<T>, rest: AsyncGenerator<T>): AsyncGenerator<T> {
  if (first.done !== true) yield first.value;
  yield* rest;
}

type Query = Omit<ExportFileOptions, "format"> & { readonly format: NonNullable<ReturnType<typeof formatOfFile>> };

async function* exportOf(dir: string, name: string, { fields, ...options }: Query): AsyncGenerator<string> {
  const folder = await openExistingFolder(dir);
  try {
    const { store, files, registry } = folder;
    const schema = registry.current;
    const context = systemContext({ schema, files, now: new Date(), background: () => {} });
    const names = fields.split(",").flatMap((field) => (field.trim() === "" ? [] : [field.trim()]));
    yield* exportRecords(store, context, findCollection(schema, name), { ...options, fields: names });
  } finally {
    await folder.close();
  }
}

async function* exportFrom(
  { url, superuser }: Extract<CollectionsPlace, { readonly url: string }>,
  collection: string,
  { raw, ...options }: Query,
): AsyncGenerator<Uint8Array> {
  const query = new URLSearchParams({ ...options, ...(raw && { raw: "1" }) });
  const path = `/api/collections/${encodeURIComponent(collection)}/export?${query.toString()}`;
  const response = await sendStream(await signInAt(url, superuser), "GET", path);
  if (!response.ok) throw new UserError(`${url} answered ${response.status}: ${messageOf(await response.text())}`);
  try {
    if (response.body) yield* response.body;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UserError(`The answer of ${url} was cut, and the export is incomplete: ${reason}`);
  }
}
