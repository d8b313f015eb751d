import type { Collection } from "../../collections/model/collection.ts";
import type { Comparison, Condition, FieldOperand, Operand, Step } from "../resolve/condition.ts";
import { flattenOperand } from "../resolve/flatten-operand.ts";

/** Records that a rule reads besides the one that it is about. */
export interface Dependency {
  readonly collection: Collection;
  /** The steps that lead to them; the last one leads to `collection`. */
  readonly steps: readonly Step[];
  /** The fields that the rule reads of them. */
  readonly fields: ReadonlySet<string>;
}

const known = new WeakMap<Condition, readonly Dependency[]>();

/** The other records that a rule's result depends on: a change to one of them may change the result. */
export function dependenciesOf(condition: Condition): readonly Dependency[] {
  let found = known.get(condition);
  if (!found) known.set(condition, (found = [...findDependencies(condition).values()]));
  return found;
}

function findDependencies(condition: Condition): ReadonlyMap<string, Dependency> {
  const found = new Map<string, { collection: Collection; steps: readonly Step[]; fields: Set<string> }>();
  for (const { steps, access, publicEmail } of pathsOf(condition)) {
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
      if (next === undefined) for (const name of columnsOf(access, publicEmail)) dependency.fields.add(name);
      else if (next.kind === "relation") dependency.fields.add(next.field.name);
    }
  }
  return found;
}

/** The columns that an operand reads of its record. */
const columnsOf = ({ column }: FieldOperand["access"], publicEmail: boolean): readonly string[] =>
  publicEmail ? [column.name, "emailVisibility"] : [column.name];

/** The fields that a rule reads of the record itself. */
export function ownFieldsOf(condition: Condition): ReadonlySet<string> {
  const names = fieldsOf(condition).map(({ steps: [first], access }) => {
    if (first === undefined) return access.column.name;
    return first.kind === "relation" ? first.field.name : "id";
  });
  return new Set(names);
}

/** The operands of a rule that read other records. */
const pathsOf = (condition: Condition): FieldOperand[] => fieldsOf(condition).filter(({ steps }) => steps.length > 0);

const fieldsOf = (condition: Condition): FieldOperand[] =>
  comparisonsOf(condition)
    .flatMap(({ left, right }) => [left, right])
    .flatMap(flattenOperand)
    .filter((operand) => operand.kind === "field");

function comparisonsOf(condition: Condition): readonly Comparison[] {
  return condition.kind === "comparison" ? [condition] : condition.parts.flatMap(comparisonsOf);
}

/** An equality with a value of the requester. Only records that satisfy it affect the result for that requester. */
export interface RequesterEquality {
  /** A column of the dependency's collection. */
  readonly field: string;
  /** The operand that reads the requester's value. */
  readonly requester: Operand & { readonly kind: "request" };
}

/**
 * Finds the equality that ties a `@collection` dependency to the requester. In a rule with
 * `@collection.seats.user ?= @request.auth.id` joined to the rest by `&&`, a seat affects only its user.
 *
 * @returns `undefined` if the rule has no such equality, or reads the collection in another way
 */
export function requesterEquality(condition: Condition, { steps }: Dependency): RequesterEquality | undefined {
  const [step] = steps;
  const readsIt = (operand: Operand): boolean =>
    flattenOperand(operand).some((part) => part.kind === "field" && part.steps[0]?.key === step?.key);
  const readers = comparisonsOf(condition).filter(({ left, right }) => readsIt(left) || readsIt(right));
  if (!readers.every(({ any }) => any)) return undefined;
  for (const comparison of conjuncts(condition)) {
    const { left, right, operator } = comparison;
    if (operator !== "=" || !readers.includes(comparison)) continue;
    const found = equality(left, right, step) ?? equality(right, left, step);
    if (found) return found;
  }
  return undefined;
}

/** The comparisons that must hold for the rule to hold. */
function conjuncts(condition: Condition): readonly Comparison[] {
  if (condition.kind === "comparison") return [condition];
  return condition.kind === "and" ? condition.parts.flatMap(conjuncts) : [];
}

function equality(column: Operand, requester: Operand, step: Step | undefined): RequesterEquality | undefined {
  if (column.kind !== "field" || column.steps.length !== 1 || column.steps[0]?.key !== step?.key) return undefined;
  if (column.access.kind !== "column" || column.access.lower || column.access.column.multiple) return undefined;
  if (requester.kind !== "request" || requester.path[0] !== "auth" || requester.reading !== "value" || requester.lower)
    return undefined;
  return { field: column.access.column.name, requester };
}
