import type { RecordContext } from "../model/record-context.ts";
import type { Submission } from "../model/submission.ts";
import type { WritableCollection } from "../model/writable-collection.ts";

/** One write of a batch. */
export interface BatchRequest {
  /** With `save`, the record is updated if it exists, and created otherwise. */
  readonly action: "create" | "update" | "save" | "delete";
  readonly collection: WritableCollection;
  /** Of the record; `undefined` if the request doesn't say which. */
  readonly id: string | undefined;
  readonly context: RecordContext;
  readonly submitted: Submission;
  /** Runs after the write, in the transaction. @throws whatever makes the request fail after all */
  readonly check: () => void;
}

/** Reads a request when its turn comes. @throws ApiError if it can't be done */
export type UnreadRequest = () => BatchRequest;

/** The error of one request of a batch. Nothing of the batch was written. */
export class BatchRequestFailed extends Error {
  override readonly name = "BatchRequestFailed";

  /** @param index of the request */
  constructor(
    readonly index: number,
    override readonly cause: unknown,
  ) {
    super(`Request ${index} of a batch failed.`, { cause });
  }
}
