import { notFound } from "../../lib/api-error.ts";
import type { Transaction } from "../../store/store.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import { withErrorMessage } from "../model/invalid-record.ts";
import { assertPrecondition } from "../model/precondition.ts";
import type { RecordContext } from "../model/record-context.ts";
import { removeRecord } from "./remove-record.ts";
import { ruleFor, selectRecord } from "../query/select-records.ts";

const FAILED = "Failed to delete record. Make sure that the record is not part of a required relation reference.";

/**
 * @throws ApiError 403 if only superusers may delete, 404 for a record that is missing or doesn't meet the rule, 400 for
 *   one that a required relation refers to, 412 if the context's precondition doesn't hold
 */
export async function deleteRecord(
  tx: Transaction,
  context: RecordContext,
  collection: WritableCollection,
  id: string,
): Promise<void> {
  const record = await selectRecord(tx, context, collection, ruleFor(context, collection.deleteRule), id);
  if (!record) throw notFound();
  assertPrecondition(context.precondition, collection, record);
  await withErrorMessage(FAILED, () => removeRecord(tx, context, collection, record));
}
