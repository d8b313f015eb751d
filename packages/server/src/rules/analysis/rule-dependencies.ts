import type { Collection } from "../../collections/model/collection.ts";
import type { Comparison, Condition, FieldOperand, Operand, Step } from "../resolve/condition.ts";
import { partsOf } from "../resolve/flatten-operand.ts";

/** Records besides the one at hand that a rule reads. */
export interface Dependency {
  readonly collection: Collection;
  /** How they are reached: the last step leads to the collection. */
  readonly steps: readonly Step[];
  /** What is read of them, besides that they are there. */
  readonly fields: ReadonlySet<string>;
}

const known = new WeakMap<Condition, readonly Dependency[]>();

/** All records that a rule's answer hangs on besides the one at hand: a change of theirs may change the answer. */
export function dependenciesOf(condition: Condition): readonly Dependency[] {
  let found = known.get(condition);
  if (!found) known.set(condition, (found = [...findDependencies(condition).values()]));
  return found;
}

function findDependencies(condition: Condition): ReadonlyMap<string, Dependency> {
  const found = new Map<string, { collection: Collection; steps: readonly Step[]; fields: Set<string> }>();
  for (const { steps, access } of pathsOf(condition)) {
    for (const [i, step] of steps.entries()) {
      const key = steps
        .slice(0, i + 1)
        .map((part) => part.key)
        .join(".");
      let dependency = found.get(key);
      if (!dependency) {
        dependency = { collection: step.collection, steps: steps.slice(0, i + 1), fields: new Set() };
        found.set(key, dependency);
      }
      const next = steps[i + 1];
      if (step.kind === "backRelation") dependency.fields.add(step.field.name);
      if (next === undefined) dependency.fields.add(access.column.name);
      else if (next.kind === "relation") dependency.fields.add(next.field.name);
    }
  }
  return found;
}

/** What a rule reads of the record at hand itself. */
export function ownFieldsOf(condition: Condition): ReadonlySet<string> {
  const names = fieldsOf(condition).map(({ steps: [first], access }) => {
    if (first === undefined) return access.column.name;
    return first.kind === "relation" ? first.field.name : "id";
  });
  return new Set(names);
}

/** The paths of a rule that lead to other records. */
const pathsOf = (condition: Condition): FieldOperand[] => fieldsOf(condition).filter(({ steps }) => steps.length > 0);

const fieldsOf = (condition: Condition): FieldOperand[] =>
  comparisonsOf(condition)
    .flatMap(({ left, right }) => [left, right])
    .flatMap(partsOf)
    .filter((operand) => operand.kind === "field");

function comparisonsOf(condition: Condition): readonly Comparison[] {
  return condition.kind === "comparison" ? [condition] : condition.parts.flatMap(comparisonsOf);
}

/** An equality with a value of who asks, without which no record of the collection counts for them. */
export interface AskerEquality {
  /** A column of the dependency's collection. */
  readonly field: string;
  /** The keys of the principal's value. */
  readonly asker: Operand & { readonly kind: "request" };
}

/**
 * Of a dependency that is reached from anywhere (`@collection.seats`): `@collection.seats.user ?= @request.auth.id`
 * joined to all else by `&&`, so that a seat concerns its user alone. `undefined` where the rule is not so plain.
 */
export function askerEquality(condition: Condition, { steps }: Dependency): AskerEquality | undefined {
  const [step] = steps;
  const readsIt = (operand: Operand): boolean =>
    partsOf(operand).some((part) => part.kind === "field" && part.steps[0]?.key === step?.key);
  const readers = comparisonsOf(condition).filter(({ left, right }) => readsIt(left) || readsIt(right));
  if (!readers.every(({ any }) => any)) return undefined;
  for (const comparison of required(condition)) {
    const { left, right, operator } = comparison;
    if (operator !== "=" || !readers.includes(comparison)) continue;
    const found = equality(left, right, step) ?? equality(right, left, step);
    if (found) return found;
  }
  return undefined;
}

/** The comparisons that must all hold. */
function required(condition: Condition): readonly Comparison[] {
  if (condition.kind === "comparison") return [condition];
  return condition.kind === "and" ? condition.parts.flatMap(required) : [];
}

function equality(column: Operand, asker: Operand, step: Step | undefined): AskerEquality | undefined {
  if (column.kind !== "field" || column.steps.length !== 1 || column.steps[0]?.key !== step?.key) return undefined;
  if (column.access.kind !== "column" || column.access.lower || column.access.column.multiple) return undefined;
  if (asker.kind !== "request" || asker.path[0] !== "auth" || asker.reading !== "value" || asker.lower)
    return undefined;
  return { field: column.access.column.name, asker };
}
