import type { Collection } from "../../collections/model/collection.ts";
import { notFound } from "../../lib/api-error.ts";
import type { Transaction } from "../../store/store.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import { failAs } from "../model/invalid-record.ts";
import type { RecordContext } from "../model/record-context.ts";
import { removeRecord } from "./remove-record.ts";
import { ruleFor, selectRecord } from "../query/select-records.ts";

const FAILED = "Failed to delete record. Make sure that the record is not part of a required relation reference.";

/**
 * @throws ApiError 403 where only superusers may delete, 404 for a record that is missing or that the rule keeps, 400
 *   for one that others require
 */
export async function deleteRecord(
  tx: Transaction,
  context: RecordContext,
  collection: WritableCollection,
  id: string,
): Promise<void> {
  const record = await selectRecord(tx, context, collection, ruleFor(context, collection.deleteRule), id);
  if (!record) throw notFound();
  await failAs(FAILED, () => removeRecord(tx, context, collection, record));
}
