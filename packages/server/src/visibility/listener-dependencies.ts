import type { Condition } from "../rules/resolve/condition.ts";
import {
  type AskerEquality,
  askerEquality,
  dependenciesOf,
  type Dependency,
  ownFieldsOf,
} from "../rules/analysis/rule-dependencies.ts";
import { conditionsOf, type Listener } from "./listener.ts";
import { conditionOf } from "../records/rule-check/interpret-rule.ts";

/** Records besides those of its topic that decide what a listener sees. */
export interface ListenerDependency extends Dependency {
  /** A value that such a record must hold to concern the listener, if it is reached from anywhere. */
  readonly equality: AskerEquality | undefined;
}

/** What the rule and the filter read of other records, and what the list rules read that guard the filter's paths. */
export function dependenciesOfListener(listener: Listener): readonly ListenerDependency[] {
  const { rule, filter } = conditionsOf(listener);
  const found = [rule, filter].flatMap((condition) => (condition ? dependenciesOfCondition(condition) : []));
  const guards = filter ? dependenciesOf(filter).flatMap((dependency) => guardsOf(listener, dependency)) : [];
  return [...found, ...guards];
}

/** What a condition reads of other records. */
export const dependenciesOfCondition = (condition: Condition): readonly ListenerDependency[] =>
  dependenciesOf(condition).map((dependency) => withEquality(condition, dependency));

const withEquality = (condition: Condition, dependency: Dependency): ListenerDependency => ({
  ...dependency,
  equality: askerEquality(condition, dependency),
});

/** The list rule of a collection that a filter reaches, as dependencies of the filter's own record. */
function guardsOf({ context }: Listener, { collection, steps }: Dependency): readonly ListenerDependency[] {
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
