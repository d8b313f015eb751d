import { ApiError, badRequest } from "../../lib/api-error.ts";
import { sql } from "../../store/sql.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import type { RecordContext } from "../model/record-context.ts";
import { InvalidRecord } from "../model/invalid-record.ts";
import { type WriteTarget, writeUnderSchema } from "../model/schema-change.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import { findRecord } from "../query/find-record.ts";
import { prepareDelete } from "./prepare-delete.ts";
import { removeRecord } from "./remove-record.ts";

const FAILED = "Failed to truncate collection (most likely due to required cascade delete record references).";
/** Records whose ids are read at a time. */
const BATCH = 500;

/**
 * Deletes all records of a collection in one transaction, each with its hooks, cascades, files and events.
 *
 * @throws ApiError 400 if a required relation of another collection refers to one of them, or for the last superuser;
 *   whatever a hook throws; SchemaChanged, see `retryOnSchemaChange`
 */
export async function truncateCollection(
  target: WriteTarget,
  context: RecordContext,
  collection: WritableCollection,
): Promise<void> {
  if ((context.hooks?.registry.find("before", "delete", collection) ?? []).length > 0) {
    for await (const id of idsOf(target.store, collection)) await prepareDelete(target.store, context, collection, id);
  }
  await writeUnderSchema(target, context, (tx) => removeAll(tx, context, collection));
}

async function removeAll(tx: Transaction, context: RecordContext, collection: WritableCollection): Promise<void> {
  try {
    for await (const id of idsOf(tx, collection)) {
      // It may have gone with one that it depended on.
      const record = await findRecord(tx, collection, id);
      if (record) await removeRecord(tx, context, collection, record);
    }
  } catch (error) {
    if (error instanceof InvalidRecord || error instanceof ApiError) throw badRequest(FAILED, {}, error);
    throw error;
  }
}

/** The ids of all records, oldest first. Records may be deleted meanwhile. */
async function* idsOf(reader: Reader, { name }: WritableCollection): AsyncGenerator<string> {
  const table = sql.id(name);
  for (let last = 0; ;) {
    const rows = await reader.all(
      sql`SELECT _rowid_ AS position, id FROM ${table} WHERE _rowid_ > ${last} ORDER BY _rowid_ LIMIT ${BATCH}`,
    );
    for (const { id } of rows) yield String(id);
    if (rows.length < BATCH) return;
    last = Number(rows.at(-1)!["position"]);
  }
}
