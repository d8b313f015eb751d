import { recordId, type RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Transaction } from "../../store/store.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import { authorizeCreate, checkForm } from "./authorize-write.ts";
import { failAs } from "../model/invalid-record.ts";
import type { RecordContext } from "../model/record-context.ts";
import { insertRecord } from "./save-record.ts";
import type { Submission } from "../model/submission.ts";

export const CREATE_FAILED = "Failed to create record.";

/**
 * @returns the record as it was written
 * @throws ApiError 403 where only superusers may create, 400 where the rule does not hold or with what is wrong by field
 */
export async function createRecord(
  tx: Transaction,
  context: RecordContext,
  collection: WritableCollection,
  submission: Submission,
): Promise<RecordValues> {
  const admitted = await authorizeCreate(tx, context, collection, submission);
  const { draft } = admitted;
  return failAs(CREATE_FAILED, async () => {
    checkForm(collection, admitted, submission);
    const id = recordId(draft.values.id || (submission.id ?? ""));
    return insertRecord(tx, context, collection, { ...draft, values: { ...draft.values, id } });
  });
}
