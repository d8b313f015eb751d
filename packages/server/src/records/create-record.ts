import { recordId, type RecordValues } from "@headwater/protocol";
import type { Collection } from "../collections/collection.ts";
import type { Transaction } from "../store/store.ts";
import { assertWritable } from "./assert-writable.ts";
import { admitCreate, checkForm } from "./draft-gate.ts";
import { failAs } from "./invalid-record.ts";
import type { RecordContext } from "./record-context.ts";
import { insertRecord } from "./save-record.ts";
import type { Submission } from "./submission.ts";

export const CREATE_FAILED = "Failed to create record.";

/**
 * @returns the record as it was written
 * @throws ApiError 403 where only superusers may create, 400 where the rule does not hold or with what is wrong by field
 */
export async function createRecord(
  tx: Transaction,
  context: RecordContext,
  collection: Collection,
  submission: Submission,
): Promise<RecordValues> {
  assertWritable(collection);
  const admitted = await admitCreate(tx, context, collection, submission);
  const { draft } = admitted;
  return failAs(CREATE_FAILED, async () => {
    checkForm(collection, admitted, submission);
    const id = recordId(draft.values.id || (submission.id ?? ""));
    return insertRecord(tx, context, collection, { ...draft, values: { ...draft.values, id } });
  });
}
