import type { Change } from "../log/change.ts";
import type { RuleBatcher } from "../records/rule-check/rule-batcher.ts";
import { dependenciesOf, ownFieldsOf } from "../rules/analysis/rule-dependencies.ts";
import type { Condition } from "../rules/resolve/condition.ts";
import type { EventPayload } from "./event-encoder.ts";
import { isVisible } from "./is-visible.ts";
import { conditionsOf, isExcluded, type Listener } from "./listener.ts";

/** A delete whose record's values are no longer in the log. */
export type ErasedDelete = Change & { readonly action: "delete" };

/**
 * What a missed delete is to a listener that comes back: the id of the record, if the fields that are left of it say that
 * the listener could see it.
 *
 * @returns `undefined` if they say that it could not, `unknown` if they do not say
 */
export async function erasedPayload(
  batcher: RuleBatcher,
  listener: Listener,
  change: ErasedDelete,
): Promise<EventPayload | "unknown" | undefined> {
  const { rule, filter } = listener;
  if (rule === null || filter === null || isExcluded(listener)) return undefined;
  const conditions = conditionsOf(listener);
  if (!hasFieldsOf(change, conditions.rule)) return "unknown";
  // By the rule alone first: who may not see the record hears nothing of it, whatever the filter reads.
  const isKnown = hasFieldsOf(change, conditions.filter);
  if (await isVisible(batcher, isKnown ? listener : { ...listener, filter: "" }, change.before)) {
    return isKnown ? { action: change.action, hiddenId: change.record } : "unknown";
  }
  // The records that it depended on are gone too, and with them what the rule reads.
  const readsOthers = [conditions.rule, conditions.filter].some((part) => part && dependenciesOf(part).length > 0);
  return change.cascade && readsOthers ? "unknown" : undefined;
}

/** Does the log still have what the condition reads of the record itself? */
const hasFieldsOf = ({ before }: ErasedDelete, condition: Condition | undefined): boolean =>
  !condition || [...ownFieldsOf(condition)].every((field) => Object.hasOwn(before, field));
