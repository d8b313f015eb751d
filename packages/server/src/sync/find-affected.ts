import type { Change } from "../log/change.ts";
import { changesRequester } from "../visibility/account-change.ts";
import { affectedFor, findAffectedRecords, isAffectedBy } from "../visibility/affected-records.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { recordScope } from "../records/rule-check/record-scope.ts";
import { decisionKey } from "../rules/analysis/decision-key.ts";
import type { Reader } from "../store/store.ts";
import type { RuleAnalysis, SyncedCollection } from "./synced-collection.ts";

/** Records that may have come into sight or left it though they did not change: these, or any of the collection. */
export type Shift = ReadonlySet<string> | "any";

/** Changes that are followed back to single records; for more of them it is cheaper to go through the collection. */
const MAX_FOLLOWED = 20;
/** Records that are asked about one by one. */
const MAX_RECORDS = 2_000;

/**
 * What the changes of other records may have moved, by a rule of a collection. All is asked of the present: a way from
 * record to record that has changed since was changed by records whose own changes are among these, or will be.
 *
 * @param changes all changes of a span of the log that may decide, in their order
 */
export async function findAffected(
  reader: Reader,
  context: RecordContext,
  { collection }: SyncedCollection,
  ruling: RuleAnalysis,
  changes: readonly Change[],
): Promise<Shift> {
  if (changes.some((change) => changesOwnResults(context, collection, ruling, change))) return "any";
  const found = new Set<string>();
  for (const dependency of ruling.dependencies) {
    const touching = changes.filter((change) => isAffectedBy(dependency, change));
    if (touching.length > MAX_FOLLOWED) return "any";
    for (const change of touching) {
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

/** Whether a change of the requester's own account gives the rule other results. */
function changesOwnResults(
  context: RecordContext,
  collection: SyncedCollection["collection"],
  { condition }: RuleAnalysis,
  change: Change,
): boolean {
  if (!condition) return false;
  return changesRequester(change, context.principal, (principal) => {
    const asking = { ...context, principal };
    return decisionKey(condition, recordScope(asking, collection), asking);
  });
}
