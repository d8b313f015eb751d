import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../collections/collection.ts";
import { createRecord } from "./create-record.ts";
import { type Door, writeBySchema } from "./current-schema.ts";
import { deleteRecord } from "./delete-record.ts";
import { prepareRemoval } from "./prepare-removal.ts";
import { prepareSubmission } from "./prepare-submission.ts";
import type { RecordContext } from "./record-context.ts";
import type { Submitted } from "./submission.ts";
import { updateRecord } from "./update-record.ts";

/**
 * Does the slow part of a create or update, then the write; what the slow part stored goes again if the write fails.
 *
 * @param id of the record to update; `undefined` for a new one
 * @throws ApiError as `createRecord` and `updateRecord` do; SchemaChanged, see `onCurrentSchema`
 */
export async function submitRecord(
  door: Door,
  context: RecordContext,
  collection: Collection,
  id: string | undefined,
  submitted: Submitted,
): Promise<RecordValues> {
  const submission = await prepareSubmission(door.store, context, collection, id, submitted);
  try {
    return await writeBySchema(door, context, (tx) =>
      id === undefined
        ? createRecord(tx, context, collection, submission)
        : updateRecord(tx, context, collection, id, submission),
    );
  } catch (error) {
    await submission.discard();
    throw error;
  }
}

/** @throws ApiError as `deleteRecord` does; SchemaChanged, see `onCurrentSchema` */
export async function submitRemoval(
  door: Door,
  context: RecordContext,
  collection: Collection,
  id: string,
): Promise<void> {
  await prepareRemoval(door.store, context, collection, id);
  await writeBySchema(door, context, (tx) => deleteRecord(tx, context, collection, id));
}
