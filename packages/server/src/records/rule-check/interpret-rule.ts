import type { Collection } from "../../collections/model/collection.ts";
import type { Rule } from "../../collections/model/rule.ts";
import { matchesNoRecord } from "../../rules/analysis/decision-key.ts";
import { resolveRule } from "../../rules/analysis/resolve-rule.ts";
import type { Condition } from "../../rules/resolve/condition.ts";
import type { Trust } from "../../rules/resolve/record-scope.ts";
import type { RecordContext } from "../model/record-context.ts";
import { isUnreadableRule } from "../query/unreadable-rule.ts";
import { recordScope } from "../model/record-scope.ts";

/** Which records a rule matches: each, none, or those that meet a condition. */
export type RuleMeaning = "every" | "none" | Condition;

/**
 * Reads a rule or a filter. `null` and an unreadable rule match no record, "" matches every one. A rule becomes
 * unreadable when something that it names is removed.
 *
 * @param rule as this requester meets it: "" for a superuser
 * @param trust `client` for a filter that a client sent
 */
export function interpretRule(
  context: RecordContext,
  collection: Collection,
  rule: Rule,
  trust: Trust = "trusted",
): RuleMeaning {
  if (rule === null) return "none";
  if (rule === "") return "every";
  try {
    return resolveRule(rule, recordScope(context, collection, trust));
  } catch (error) {
    if (isUnreadableRule(error)) return "none";
    throw error;
  }
}

/** The condition of a rule that has one; `undefined` for a rule that matches every record or none. */
export function conditionOf(
  context: RecordContext,
  collection: Collection,
  rule: Rule,
  trust?: Trust,
): Condition | undefined {
  const meaning = interpretRule(context, collection, rule, trust);
  return typeof meaning === "string" ? undefined : meaning;
}

/** Does the rule match no record for this requester, whatever the records hold? Decided without reading any. */
export function excludesRequester(context: RecordContext, collection: Collection, rule: Rule): boolean {
  const meaning = interpretRule(context, collection, rule);
  if (typeof meaning === "string") return meaning === "none";
  return matchesNoRecord(meaning, recordScope(context, collection), context);
}
