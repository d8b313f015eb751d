import { recordId, type RecordValues } from "@headwater/protocol";
import type { Transaction } from "../../store/store.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import { authorizeCreate, throwIfInvalidAuth } from "./authorize-write.ts";
import { withErrorMessage } from "../model/invalid-record.ts";
import { assertPrecondition } from "../model/precondition.ts";
import { findRecord } from "../query/find-record.ts";
import type { RecordContext } from "../model/record-context.ts";
import { insertRecord } from "./save-record.ts";
import { keepUploads } from "./files/submission-files.ts";
import type { PreparedSubmission } from "../model/submission.ts";

export const CREATE_FAILED = "Failed to create record.";

/**
 * @returns the record as it was written
 * @throws ApiError 403 if only superusers may create, 400 if the record doesn't meet the rule or, with errors by field, if
 *   it is invalid, 412 if the context's precondition doesn't hold
 */
export async function createRecord(
  tx: Transaction,
  context: RecordContext,
  collection: WritableCollection,
  submission: PreparedSubmission,
): Promise<RecordValues> {
  const authorized = await authorizeCreate(tx, context, collection, submission);
  const { draft } = authorized;
  return withErrorMessage(CREATE_FAILED, async () => {
    throwIfInvalidAuth(collection, authorized, submission);
    const id = recordId(draft.values.id || (submission.id ?? ""));
    if (context.precondition && id !== "") {
      assertPrecondition(context.precondition, collection, await findRecord(tx, collection, id));
    }
    keepUploads(tx, context, submission);
    return insertRecord(tx, context, collection, { ...draft, values: { ...draft.values, id } });
  });
}
