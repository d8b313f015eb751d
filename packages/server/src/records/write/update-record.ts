import type { RecordValues } from "@headwater/protocol";
import type { Transaction } from "../../store/store.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import { authorizeUpdate, throwIfInvalidAuth } from "./authorize-write.ts";
import { withErrorMessage } from "../model/invalid-record.ts";
import { assertPrecondition } from "../model/precondition.ts";
import type { RecordContext } from "../model/record-context.ts";
import { updateStoredRecord } from "./save-record.ts";
import { keepUploads } from "./files/submission-files.ts";
import type { PreparedSubmission } from "../model/submission.ts";

export const UPDATE_FAILED = "Failed to update record.";

/**
 * Modifiers apply to the record as the transaction reads it, so two concurrent `count+` both count.
 *
 * @returns the record as it was written
 * @throws ApiError 403 if only superusers may update, 404 for a record that is missing or doesn't meet the rule, 400 with
 *   errors by field if it is invalid, 412 if the context's precondition doesn't hold
 */
export async function updateRecord(
  tx: Transaction,
  context: RecordContext,
  collection: WritableCollection,
  id: string,
  submission: PreparedSubmission,
): Promise<RecordValues> {
  const authorized = await authorizeUpdate(tx, context, collection, id, submission);
  assertPrecondition(context.precondition, collection, authorized.before);
  return withErrorMessage(UPDATE_FAILED, async () => {
    throwIfInvalidAuth(collection, authorized, submission);
    keepUploads(tx, context, submission);
    return updateStoredRecord(tx, context, collection, authorized.before!, authorized.draft);
  });
}
