import type { Change } from "../log/change.ts";
import { concerns, type ListenerDependency } from "../visibility/listener-dependencies.ts";
import { findAffectedRecords, isAffectedBy } from "../visibility/affected-records.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { scopeOf } from "../records/rule-check/check-access.ts";
import { decisionKey } from "../rules/analysis/decision-key.ts";
import { type Principal, principalOf } from "../rules/principal.ts";
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
  if (isOtherForAccount(context, collection, ruling, changes)) return "any";
  const found = new Set<string>();
  for (const dependency of ruling.dependencies) {
    const touching = changes.filter((change) => isAffectedBy(dependency, change));
    if (touching.length > MAX_FOLLOWED) return "any";
    for (const change of touching) {
      const shift = await follow(reader, context, collection, dependency, change);
      if (shift === "any") return shift;
      for (const id of shift) found.add(id);
      if (found.size > MAX_RECORDS) return "any";
    }
  }
  return found;
}

const NOTHING: Shift = new Set();

async function follow(
  reader: Reader,
  context: RecordContext,
  collection: SyncedCollection["collection"],
  dependency: ListenerDependency,
  change: Change,
): Promise<Shift> {
  const reach = await findAffectedRecords(reader, collection, dependency, change, []);
  if (reach.kind === "records") return new Set(reach.ids);
  const isConcerned =
    reach.kind === "askers"
      ? reach.ids.has(accountOf(context.principal) ?? "")
      : concerns(dependency, change, { context });
  return isConcerned ? "any" : NOTHING;
}

const accountOf = (principal: Principal): string | undefined =>
  principal.kind === "guest" ? undefined : principal.values.id;

/** Did the principal's own account become another one, as far as the rule reads it? */
function isOtherForAccount(
  context: RecordContext,
  collection: SyncedCollection["collection"],
  { condition }: RuleAnalysis,
  changes: readonly Change[],
): boolean {
  const { principal } = context;
  if (!condition || principal.kind === "guest") return false;
  const own = changes.filter(
    ({ collection: changed, record }) => changed === principal.collection.id && record === principal.values.id,
  );
  const keyAs = (values: NonNullable<Change["before"]>): string => {
    const asking = { ...context, principal: principalOf(principal.collection, values) };
    return decisionKey(condition, scopeOf(asking, collection, "trusted", false), asking);
  };
  return own.some(({ before, after }) => before !== null && after !== null && keyAs(before) !== keyAs(after));
}
