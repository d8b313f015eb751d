import type { ColumnNames } from "../../records/transfer/cells.ts";
import { ApiError, badRequest, explainApiError, invalid } from "../../lib/api-error.ts";
import { collectionOf, NO_COLLECTION } from "../../http/guards.ts";
import { recordBodyLimit } from "../../http/files/upload-limits.ts";
import type { ApiRequest, Params } from "../../http/request.ts";
import { jsonAs } from "../../http/responses.ts";
import { urlParameters } from "../../http/url-parameters.ts";
import { assertWritable } from "../../records/model/writable-collection.ts";
import { importRecords } from "../../records/transfer/import-records.ts";
import type { ImportReport } from "../../records/transfer/import-report.ts";
import { readRows } from "../../records/transfer/read-rows.ts";
import { StagedRows } from "../../records/transfer/staged-rows.ts";
import { formatOfType } from "../../records/transfer/transfer-format.ts";
import type { ApiContext } from "../api-context.ts";
import { recordContext } from "../record-context.ts";
import { readCsvOptions, readFlag, readFormat } from "./transfer-query.ts";

/** Bytes. The body is not held in memory. */
export const bodyLimit = (_: Params, { config }: ApiContext): number =>
  config.limits.imports.bytes || Number.MAX_SAFE_INTEGER;

const DEFAULT_ERRORS = 100;
const MAX_ERRORS = 10_000;

/** Creates records from the rows of a CSV or JSON file, as it arrives. */
export async function importRows(request: ApiRequest, api: ApiContext): Promise<Response> {
  const collection = collectionOf(request, api, NO_COLLECTION);
  assertWritable(collection);
  const { query } = request;
  const format = readFormat(query, formatOfType(request.raw.headers.get("content-type") ?? ""));
  const csv = readCsvOptions(query);
  const names = readNames(urlParameters(request.url).getAll("map"));
  const end = api.imports.start();
  // An import may be quiet while its last rows are written.
  request.server.timeout(request.raw, 0);
  const stage = readFlag(query, "atomic") ? await StagedRows.create(await api.spool.newPath()) : undefined;
  try {
    const rows = readRows(chunksOf(request, api), { ...csv, format, maxLength: recordBodyLimit(collection) });
    const target = {
      ...api,
      collection: collection.id,
      context: () => recordContext(request, api, {}),
      // The sender may have lost its rights.
      onProgress: () => request.onBodyReceived(),
      onFault: (error: unknown, line: number) =>
        api.logger.error({ request: request.id, err: error, line }, "a row could not be imported"),
    };
    const report = await importRecords(target, rows, {
      upsert: readFlag(query, "upsert"),
      continueOnError: readFlag(query, "continueOnError"),
      dryRun: readFlag(query, "dryRun"),
      stage,
      csv: format === "csv" ? csv : undefined,
      names,
      maxErrors: readMaxErrors(query),
    });
    return respond(report);
  } finally {
    end();
    await stage?.remove();
  }
}

function readMaxErrors({ errors = "" }: Readonly<Record<string, string>>): number {
  return /^\d+$/.test(errors) ? Math.min(Number(errors), MAX_ERRORS) : DEFAULT_ERRORS;
}

/** `map=Name:title` reads a column into a field, `map=Name:` leaves it out. */
function readNames(pairs: readonly string[]): ColumnNames {
  return new Map(
    pairs.map((pair) => {
      const colon = pair.lastIndexOf(":");
      if (colon > 0) return [pair.slice(0, colon), pair.slice(colon + 1)] as const;
      const message = `"${pair}" must be a column and a field, as in "Name:title".`;
      throw badRequest("", { map: invalid("validation_invalid_map", message) });
    }),
  );
}

async function* chunksOf({ raw }: ApiRequest, { config, metrics }: ApiContext): AsyncGenerator<Uint8Array> {
  const { bytes: max } = config.limits.imports;
  let received = 0;
  for await (const chunk of raw.body ?? []) {
    received += chunk.byteLength;
    if (max > 0 && received > max) {
      metrics.refused("limit_import_bytes");
      const message = `The import has more than ${max} bytes (--max-import-mb).`;
      throw new ApiError(413, "", { body: invalid("limit_import_bytes", message) });
    }
    yield chunk;
  }
}

/** An import that ended early is an error, with what it did before. */
function respond(report: ImportReport): Response {
  const { stoppedAt, errors } = report;
  if (stoppedAt === undefined) return jsonAs(200, report);
  const last = errors.find(({ line }) => line === stoppedAt);
  const reason = last ? explainApiError(new ApiError(400, last.message, last.data)) : "";
  const error = badRequest(`The import ended at line ${stoppedAt}. ${reason}`, last?.data);
  return jsonAs(400, { ...error.toBody(), report });
}
