import { unauthorized } from "../lib/api-error.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { findRecord } from "../records/query/find-record.ts";
import { type Principal, principalOf } from "../rules/principal.ts";
import type { Reader } from "../store/store.ts";

/** One snapshot of the database, and the request with the requester's account as that snapshot has it. */
export interface Snapshot {
  readonly reader: Reader;
  readonly context: RecordContext;
}

/**
 * Reads the requester again in the snapshot. An account that was read earlier could let through records that the log
 * already says it may not see, and the view would never look at them again.
 *
 * @throws ApiError 401 for guests and for an account that no longer exists
 */
export async function snapshotFor(reader: Reader, context: RecordContext): Promise<Snapshot> {
  return { reader, context: { ...context, principal: await principalIn(reader, context) } };
}

async function principalIn(reader: Reader, { principal, schema }: RecordContext): Promise<Principal> {
  const collection = principal.kind === "guest" ? undefined : schema.find(principal.collection.id);
  const values =
    collection?.type === "auth" && principal.kind !== "guest"
      ? await findRecord(reader, collection, principal.values.id)
      : undefined;
  if (collection?.type !== "auth" || !values) throw unauthorized();
  return principalOf(collection, values);
}
