import { Registry } from "../collections/model/registry.ts";
import { exportRecords } from "../records/transfer/export-records.ts";
import { type ImportOptions, importRecords } from "../records/transfer/import-records.ts";
import type { ImportReport } from "../records/transfer/import-report.ts";
import { readRows } from "../records/transfer/read-rows.ts";
import { StagedRows } from "../records/transfer/staged-rows.ts";
import type { TransferFormat } from "../records/transfer/transfer-format.ts";
import type { RecordFixture } from "./record-fixture.ts";

export interface ImportCase extends Partial<Omit<ImportOptions, "stage">> {
  readonly format?: TransferFormat;
  readonly atomic?: boolean;
  readonly delimiter?: string;
  readonly raw?: boolean;
  /** Bytes that arrive at a time. */
  readonly chunk?: number;
}

async function* inChunks(text: string | Uint8Array, size = 7): AsyncGenerator<Uint8Array> {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

let staged = 0;

/** Imports a file's text into a collection, as a superuser. */
export async function importText(
  fixture: RecordFixture,
  name: string,
  text: string | Uint8Array,
  options: ImportCase = {},
): Promise<ImportReport> {
  const { format = "csv", atomic = false, delimiter = ",", raw = false, chunk, ...rest } = options;
  const stage = atomic ? await StagedRows.create(`${fixture.dir}/stage${(staged += 1)}`) : undefined;
  const { schema } = fixture.context();
  const registry = new Registry(schema.clientFilters);
  registry.replace(schema);
  const target = {
    store: fixture.store,
    registry,
    collection: fixture.collection(name).id,
    context: () => fixture.context({ as: fixture.superuser() }, "POST"),
    onProgress: async () => {},
    onFault: (error: unknown) => {
      throw error;
    },
  };
  const rows = readRows(inChunks(text, chunk), { format, delimiter, raw, maxLength: 5_000_000 });
  try {
    return await importRecords(target, rows, {
      upsert: false,
      continueOnError: false,
      dryRun: false,
      stage,
      csv: format === "csv" ? { raw } : undefined,
      names: new Map(),
      maxErrors: 100,
      ...rest,
    });
  } finally {
    await stage?.remove();
  }
}

/** Exports a collection as a superuser. */
export async function exportText(
  fixture: RecordFixture,
  name: string,
  format: TransferFormat,
  more: object = {},
): Promise<string> {
  const context = fixture.context({ as: fixture.superuser() });
  const options = { format, delimiter: ",", raw: false, fields: [], filter: "", ...more };
  let text = "";
  for await (const part of exportRecords(fixture.store, context, fixture.collection(name), options)) text += part;
  return text;
}
