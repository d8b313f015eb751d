import type { Condition } from "../rules/resolve/condition.ts";
import {
  type RequesterEquality,
  requesterEquality,
  dependenciesOf,
  type Dependency,
  ownFieldsOf,
} from "../rules/analysis/rule-dependencies.ts";
import { conditionsOf, type Listener } from "./listener.ts";
import { conditionOf } from "../records/rule-check/interpret-rule.ts";

/** Other records that decide what a listener sees. */
export interface ListenerDependency extends Dependency {
  /** An equality that such a record must meet to matter to a listener, if any record of its collection can be read. */
  readonly equality: RequesterEquality | undefined;
}

/** What a listener's rule and filter read of other records, and what the list rules on the filter's paths read. */
export function dependenciesOfListener(listener: Listener): readonly ListenerDependency[] {
  const { rule, filter } = conditionsOf(listener);
  const found = [rule, filter].flatMap((condition) => (condition ? dependenciesOfCondition(condition) : []));
  const guards = filter
    ? dependenciesOf(filter).flatMap((dependency) => listRuleDependencies(listener, dependency))
    : [];
  return [...found, ...guards];
}

/** What a condition reads of other records. */
export const dependenciesOfCondition = (condition: Condition): readonly ListenerDependency[] =>
  dependenciesOf(condition).map((dependency) => ({
    ...dependency,
    equality: requesterEquality(condition, dependency),
  }));

/** A client's filter only reaches records that the list rule of their collection shows, so it depends on that rule too. */
function listRuleDependencies({ context }: Listener, { collection, steps }: Dependency): readonly ListenerDependency[] {
  const rule = conditionOf(context, collection, collection.listRule);
  if (!rule) return [];
  const own: ListenerDependency = { collection, steps, fields: ownFieldsOf(rule), equality: undefined };
  const further = dependenciesOf(rule).map((dependency) => ({
    ...dependency,
    steps: [...steps, ...dependency.steps],
    equality: undefined,
  }));
  return [own, ...further];
}
