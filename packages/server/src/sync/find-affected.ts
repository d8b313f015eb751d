import type { Change } from "../log/change.ts";
import { changesRequester } from "../visibility/account-change.ts";
import { affectedFor, findAffectedRecords, isAffectedBy } from "../visibility/affected-records.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { recordScope } from "../records/model/record-scope.ts";
import { decisionKey } from "../rules/analysis/decision-key.ts";
import type { Snapshot } from "./snapshot.ts";
import type { RuleAnalysis, SyncedCollection } from "./synced-collection.ts";

/** Ids of records whose visibility may have changed although they did not; "any" if it can be any record. */
export type AffectedIds = ReadonlySet<string> | "any";

/** Changes that are traced to single records. For more of them, a scan of the collection is cheaper. */
const MAX_TRACED = 20;
/** Affected records, above which a scan of the collection is cheaper. */
const MAX_RECORDS = 2_000;

/**
 * The records that a rule may treat differently because of changes of other records. Relations are followed as they are
 * now: if one has changed since, that change is itself in this part of the log or a later one.
 *
 * @param changes all changes in a part of the log that the rule may depend on, in order
 */
export async function findAffected(
  { reader, context }: Snapshot,
  { collection }: SyncedCollection,
  analysis: RuleAnalysis,
  changes: readonly Change[],
): Promise<AffectedIds> {
  if (changes.some((change) => changesOwnResults(context, collection, analysis, change))) return "any";
  const found = new Set<string>();
  for (const dependency of analysis.dependencies) {
    const relevant = changes.filter((change) => isAffectedBy(dependency, change));
    if (relevant.length > MAX_TRACED) return "any";
    for (const change of relevant) {
      const affected = affectedFor(
        await findAffectedRecords(reader, collection, dependency, change, []),
        dependency,
        change,
        context,
      );
      if (affected === "any") return affected;
      for (const id of affected) found.add(id);
      if (found.size > MAX_RECORDS) return "any";
    }
  }
  return found;
}

/** Whether a change of the requester's own account can change the rule's results. */
function changesOwnResults(
  context: RecordContext,
  collection: SyncedCollection["collection"],
  { condition }: RuleAnalysis,
  change: Change,
): boolean {
  if (!condition) return false;
  return changesRequester(change, context.principal, (principal) => {
    const request = { ...context, principal };
    return decisionKey(condition, recordScope(request, collection), request);
  });
}
