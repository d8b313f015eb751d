import type { RecordValues } from "@headwater/protocol";
import type { Transaction } from "../../store/store.ts";
import { createRecord } from "./create-record.ts";
import { type WriteTarget, writeBySchema } from "../model/current-schema.ts";
import { deleteRecord } from "./delete-record.ts";
import { prepareRemoval } from "./prepare-removal.ts";
import { prepareSubmission } from "./prepare-submission.ts";
import type { RecordContext } from "../model/record-context.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import type { Submission, Submitted } from "../model/submission.ts";
import { updateRecord } from "./update-record.ts";

/**
 * Does the slow part of a create or update, then the write.
 *
 * @param id of the record to update; `undefined` for a new one
 * @throws ApiError as `createRecord` and `updateRecord` do; SchemaChanged, see `onCurrentSchema`
 */
export async function submitRecord(
  door: WriteTarget,
  context: RecordContext,
  collection: WritableCollection,
  id: string | undefined,
  submitted: Submitted,
): Promise<RecordValues> {
  const submission = await prepareSubmission(door.store, context, collection, id, submitted);
  return writeSubmission(door, context, collection, id, submission);
}

/** Writes what was prepared; what its preparation stored goes again if the write fails. */
export async function writeSubmission(
  door: WriteTarget,
  context: RecordContext,
  collection: WritableCollection,
  id: string | undefined,
  submission: Submission,
): Promise<RecordValues> {
  try {
    return await writeBySchema(door, context, (tx) => applySubmission(tx, context, collection, id, submission));
  } catch (error) {
    await submission.discard();
    throw error;
  }
}

export const applySubmission = (
  tx: Transaction,
  context: RecordContext,
  collection: WritableCollection,
  id: string | undefined,
  submission: Submission,
): Promise<RecordValues> =>
  id === undefined
    ? createRecord(tx, context, collection, submission)
    : updateRecord(tx, context, collection, id, submission);

/** @throws ApiError as `deleteRecord` does; SchemaChanged, see `onCurrentSchema` */
export async function submitRemoval(
  door: WriteTarget,
  context: RecordContext,
  collection: WritableCollection,
  id: string,
): Promise<void> {
  await prepareRemoval(door.store, context, collection, id);
  await writeBySchema(door, context, (tx) => deleteRecord(tx, context, collection, id));
}
