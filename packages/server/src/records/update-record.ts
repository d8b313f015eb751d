import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../collections/collection.ts";
import type { Transaction } from "../store/store.ts";
import { assertWritable } from "./assert-writable.ts";
import { admitUpdate, checkForm } from "./draft-gate.ts";
import { failAs } from "./invalid-record.ts";
import type { RecordContext } from "./record-context.ts";
import { saveRecord } from "./save-record.ts";
import type { Submission } from "./submission.ts";

export const UPDATE_FAILED = "Failed to update record.";

/**
 * Modifiers work on the record as the transaction reads it, so of two `count+` at once none is lost.
 *
 * @returns the record as it was written
 * @throws ApiError 403 where only superusers may update, 404 for a record that is missing or that the rule keeps, 400
 *   with what is wrong by field
 */
export async function updateRecord(
  tx: Transaction,
  context: RecordContext,
  collection: Collection,
  id: string,
  submission: Submission,
): Promise<RecordValues> {
  assertWritable(collection);
  const admitted = await admitUpdate(tx, context, collection, id, submission);
  return failAs(UPDATE_FAILED, async () => {
    checkForm(collection, admitted, submission);
    return saveRecord(tx, context, collection, admitted.before!, admitted.draft);
  });
}
