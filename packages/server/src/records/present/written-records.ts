import { ApiError } from "../../lib/api-error.ts";
import { StoreError } from "../../store/store.ts";
import type { RecordContext } from "../model/record-context.ts";

/**
 * Shows what a write has done. The write is committed, so no limit may turn its answer into an error: what is too large or
 * takes too long is shown without related records.
 *
 * @param show `isWhole`: with related records, and within the limits of an answer
 */
export async function showWritten<Shown>(show: (isWhole: boolean) => Promise<Shown>): Promise<Shown> {
  try {
    return await show(true);
  } catch (error) {
    if (!(error instanceof ApiError || error instanceof StoreError)) throw error;
    return show(false);
  }
}

/** The records themselves are about what the request sent. */
export const withoutLimits = (context: RecordContext): RecordContext => ({
  ...context,
  answerLimits: { bytes: 0, expanded: 0 },
});
