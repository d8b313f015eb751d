import type { RecordValues } from "@headwater/protocol";
import { isOutage } from "../../store/store.ts";
import type { WriteContext } from "../model/record-context.ts";
import { isOutdated, type WriteTarget, writeUnderSchema } from "../model/schema-change.ts";
import type { PreparedSubmission } from "../model/submission.ts";
import { discardOnFailure } from "../write/submit-record.ts";
import { type BatchClock, BatchStopped } from "./batch-clock.ts";
import { type BatchRequest, BatchRequestFailed, type UnreadRequest } from "./batch-request.ts";
import { type BatchStep, prepareBatch } from "./prepare-batch.ts";

/** A request that was done, and the record as it was written; `undefined` for a delete. */
export interface BatchResult {
  readonly request: BatchRequest;
  readonly record: RecordValues | undefined;
}

/**
 * Does all requests in order in one transaction, or none. Each sees what those before it did.
 *
 * @throws BatchRequestFailed for the first request that fails; BatchStopped; SchemaChanged, see `retryOnSchemaChange`
 */
export function runBatch(
  target: WriteTarget,
  context: WriteContext,
  requests: readonly UnreadRequest[],
  clock: BatchClock,
): Promise<readonly BatchResult[]> {
  const submissions: PreparedSubmission[] = [];
  return discardOnFailure(submissions, async () => {
    const steps = await prepareBatch(target.store, requests, clock, submissions);
    return clock.exclude((proceed) =>
      writeUnderSchema(target, context, async (tx) => {
        proceed();
        const bound = clock.bound(tx);
        const results: BatchResult[] = [];
        for (const [index, step] of steps.entries()) {
          const record = await step.run(bound).catch((error: unknown) => fail(index, error));
          results.push({ request: step.request!, record: checked(index, step, record) });
        }
        return results;
      }),
    );
  });
}

function checked(index: number, { request }: BatchStep, record: RecordValues | undefined): RecordValues | undefined {
  try {
    request?.check();
    return record;
  } catch (error) {
    return fail(index, error);
  }
}

/** What concerns the whole batch stays as it is. */
function fail(index: number, error: unknown): never {
  if (error instanceof BatchStopped || isOutdated(error) || isOutage(error)) throw error;
  throw new BatchRequestFailed(index, error);
}
