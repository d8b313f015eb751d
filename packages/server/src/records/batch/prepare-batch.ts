import type { RecordValues } from "@headwater/protocol";
import { TurnShare } from "../../lib/scheduling/turn-share.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import { preparationOutdated } from "../model/schema-change.ts";
import type { PreparedSubmission } from "../model/submission.ts";
import { findRecord } from "../query/find-record.ts";
import { readValues } from "../write/authorize-write.ts";
import { deleteRecord } from "../write/delete-record.ts";
import { prepareDelete } from "../write/prepare-delete.ts";
import { prepareSubmission } from "../write/prepare-submission.ts";
import { applySubmission } from "../write/submit-record.ts";
import type { BatchClock } from "./batch-clock.ts";
import type { BatchRequest, UnreadRequest } from "./batch-request.ts";
import { PlannedRecords } from "./planned-records.ts";

/** A request of a batch whose slow part is done. */
export interface BatchStep {
  /** `undefined` if it can't be done. */
  readonly request: BatchRequest | undefined;
  /** @returns the record as it was written; `undefined` for a delete */
  readonly run: (tx: Transaction) => Promise<RecordValues | undefined>;
}

/** How long batches may keep a turn of the event loop while they are prepared, in milliseconds. */
const MAX_TURN_MS = 4;
const turns = new TurnShare(MAX_TURN_MS);

/**
 * Does the slow part of each request, in order: before hooks, password hashes, files. A request that can't be done is the
 * last one: its error is thrown when its turn comes, as a request before it may fail too.
 *
 * @param submissions gets what was prepared, also if this fails
 * @throws BatchStopped
 */
export async function prepareBatch(
  reader: Reader,
  requests: readonly UnreadRequest[],
  clock: BatchClock,
  submissions: PreparedSubmission[],
): Promise<readonly BatchStep[]> {
  const planned = new PlannedRecords(reader);
  const steps: BatchStep[] = [];
  for (const read of requests) {
    const pause = turns.pause(performance.now());
    if (pause) await pause;
    clock.check();
    try {
      const request = read();
      steps.push(
        request.action === "delete"
          ? await prepareRemoval(reader, request, planned)
          : await prepareSave(reader, request, planned, submissions),
      );
    } catch (error) {
      steps.push({ request: undefined, run: () => Promise.reject(error) });
      break;
    }
  }
  return steps;
}

async function prepareRemoval(reader: Reader, request: BatchRequest, planned: PlannedRecords): Promise<BatchStep> {
  const { collection, context, id = "" } = request;
  await prepareDelete(reader, context, collection, id, planned.find);
  planned.delete(collection, id);
  return {
    request,
    run: async (tx) => {
      await deleteRecord(tx, context, collection, id);
      return undefined;
    },
  };
}

async function prepareSave(
  reader: Reader,
  sent: BatchRequest,
  planned: PlannedRecords,
  submissions: PreparedSubmission[],
): Promise<BatchStep> {
  const { action, collection, id } = sent;
  const isUpsert = action === "save" && id !== undefined;
  const isNew = isUpsert ? (await planned.find(collection, id)) === undefined : action !== "update";
  const target = isNew ? undefined : id;
  // Rules see what an upsert does as its method.
  const context = { ...sent.context, method: isNew ? "POST" : "PATCH" };
  const request = { ...sent, context };
  const preparation = { checks: planned.checksOf(request, isNew), find: planned.find };
  const submission = await prepareSubmission(reader, context, collection, target, sent.submitted, preparation);
  submissions.push(submission);
  planned.save(
    collection,
    target ?? idOfNew(submission),
    (before) => readValues(context, collection, isNew ? undefined : before, submission).draft.values,
  );
  return {
    request,
    run: async (tx) => {
      // Another write may have created or deleted the record.
      if (isUpsert && isNew !== ((await findRecord(tx, collection, id)) === undefined)) throw preparationOutdated();
      return applySubmission(tx, context, collection, target, submission);
    },
  };
}

/** A later request can only name a record whose id the client chose. */
const idOfNew = ({ body }: PreparedSubmission): string | undefined =>
  typeof body["id"] === "string" && body["id"] !== "" ? body["id"] : undefined;
