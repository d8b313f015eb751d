import type { RecordValues } from "@headwater/protocol";
import { searchedFields } from "../collections/model/search-index.ts";
import type { Change } from "../log/change.ts";
import type { RuleBatcher } from "../records/rule-check/rule-batcher.ts";
import { dependenciesOf, ownFieldsOf } from "../rules/analysis/rule-dependencies.ts";
import type { Condition } from "../rules/resolve/condition.ts";
import type { EventPayload } from "./event-encoder.ts";
import { isVisible } from "./is-visible.ts";
import { conditionsOf, isExcluded, type Listener, withoutFilters } from "./listener.ts";

/**
 * What a missed change of a record that is gone is to a listener that comes back.
 *
 * - `untold`: the record appeared, which is not told any more. Its disappearance need not be told either.
 * - `unknown`: the fields that are left of the record do not say whether the listener could see it.
 */
export type ErasedPayload = EventPayload | "untold" | "unknown" | undefined;

/**
 * Listeners get only its id, and that the record is gone: by its delete or, to a listener that asks for what leaves, by the
 * update that hid it.
 */
export async function erasedPayload(
  batcher: RuleBatcher,
  listener: Listener,
  { action, record, before, after, ...change }: Change,
): Promise<ErasedPayload> {
  const { rule, filter, search, transitions } = listener;
  if (rule === null || filter === null || search === null || isExcluded(listener)) return undefined;
  // Without transitions, an update says nothing of what leaves.
  if (action === "update" && !transitions) return undefined;
  const isCascade = "cascade" in change && change.cascade !== undefined;
  const sees = (values: RecordValues | null) => values !== null && couldSee(batcher, listener, values, isCascade);
  const [was, is] = [await sees(before), await sees(after)];
  if (was === "unknown" || is === "unknown") return "unknown";
  if (was === is) return undefined;
  return is ? "untold" : { action: action === "delete" ? action : transitions!.leave, hiddenId: record };
}

async function couldSee(
  batcher: RuleBatcher,
  listener: Listener,
  values: RecordValues,
  isCascade: boolean,
): Promise<boolean | "unknown"> {
  const conditions = conditionsOf(listener);
  const isKnown = (condition: Condition | undefined): boolean =>
    !condition || [...ownFieldsOf(condition)].every((field) => Object.hasOwn(values, field));
  if (!isKnown(conditions.rule)) return "unknown";
  // By the rule alone first: who could not see the record hears nothing of it, whatever the filter reads.
  const isFilterKnown = isKnown(conditions.filter) && isSearchKnown(listener, values);
  if (await isVisible(batcher, isFilterKnown ? listener : withoutFilters(listener), values)) {
    return isFilterKnown || "unknown";
  }
  // The records that it depended on are gone too, and with them what the rule reads.
  const readsOthers = [conditions.rule, conditions.filter].some((part) => part && dependenciesOf(part).length > 0);
  return isCascade && readsOthers ? "unknown" : false;
}

/** Are the texts left in which the listener looks for words? */
const isSearchKnown = ({ search, topic: { collection } }: Listener, values: RecordValues): boolean =>
  !search || searchedFields(collection).every(({ field }) => Object.hasOwn(values, field.name));
