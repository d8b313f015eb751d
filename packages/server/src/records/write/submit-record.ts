import type { RecordValues } from "@headwater/protocol";
import type { Transaction } from "../../store/store.ts";
import { createRecord } from "./create-record.ts";
import { type WriteTarget, writeUnderSchema } from "../model/schema-change.ts";
import { deleteRecord } from "./delete-record.ts";
import { prepareDelete } from "./prepare-delete.ts";
import { prepareSubmission } from "./prepare-submission.ts";
import type { RecordContext } from "../model/record-context.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import type { PreparedSubmission, Submission } from "../model/submission.ts";
import { updateRecord } from "./update-record.ts";

/**
 * Does the slow part of a create or update, then the write.
 *
 * @param id of the record to update; `undefined` for a new one
 * @throws ApiError like `createRecord` and `updateRecord`; SchemaChanged, see `retryOnSchemaChange`
 */
export async function submitRecord(
  target: WriteTarget,
  context: RecordContext,
  collection: WritableCollection,
  id: string | undefined,
  submitted: Submission,
): Promise<RecordValues> {
  const submission = await prepareSubmission(target.store, context, collection, id, submitted);
  return writeSubmission(target, context, collection, id, submission);
}

/** Writes a prepared submission, and deletes its stored files if the write fails. */
export function writeSubmission(
  target: WriteTarget,
  context: RecordContext,
  collection: WritableCollection,
  id: string | undefined,
  submission: PreparedSubmission,
): Promise<RecordValues> {
  return discardOnFailure([submission], () =>
    writeUnderSchema(target, context, (tx) => applySubmission(tx, context, collection, id, submission)),
  );
}

/**
 * Runs a write, and deletes the files stored for it if it fails.
 *
 * @param submissions may grow during the work
 */
export async function discardOnFailure<T>(
  submissions: readonly PreparedSubmission[],
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    for (const submission of submissions) await submission.discard();
    throw error;
  }
}

export const applySubmission = (
  tx: Transaction,
  context: RecordContext,
  collection: WritableCollection,
  id: string | undefined,
  submission: PreparedSubmission,
): Promise<RecordValues> =>
  id === undefined
    ? createRecord(tx, context, collection, submission)
    : updateRecord(tx, context, collection, id, submission);

/** @throws ApiError like `deleteRecord`; SchemaChanged, see `retryOnSchemaChange` */
export async function submitDelete(
  target: WriteTarget,
  context: RecordContext,
  collection: WritableCollection,
  id: string,
): Promise<void> {
  await prepareDelete(target.store, context, collection, id);
  await writeUnderSchema(target, context, (tx) => deleteRecord(tx, context, collection, id));
}
