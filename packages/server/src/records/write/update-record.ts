import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Transaction } from "../../store/store.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import { authorizeUpdate, checkForm } from "./authorize-write.ts";
import { failAs } from "../model/invalid-record.ts";
import type { RecordContext } from "../model/record-context.ts";
import { saveRecord } from "./save-record.ts";
import type { Submission } from "../model/submission.ts";

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
  collection: WritableCollection,
  id: string,
  submission: Submission,
): Promise<RecordValues> {
  const admitted = await authorizeUpdate(tx, context, collection, id, submission);
  return failAs(UPDATE_FAILED, async () => {
    checkForm(collection, admitted, submission);
    return saveRecord(tx, context, collection, admitted.before!, admitted.draft);
  });
}
