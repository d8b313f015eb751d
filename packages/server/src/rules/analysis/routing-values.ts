import type { FieldType } from "../../collections/fields/field.ts";
import type { Comparison, Condition, FieldOperand, Operand } from "../resolve/condition.ts";
import { requestValue } from "../resolve/request-value.ts";
import type { RuleContext } from "../rule-context.ts";

/** A text that every record which meets a rule holds to the letter: in a field of its own, or of a record related to it. */
export interface RoutingValue {
  /** The name of its own field, or one for the path: equal for equal ones of a collection. */
  readonly field: string;
  readonly value: string;
  readonly operand: FieldOperand;
}

/** Kinds whose column is text and compares as it stands. */
const TEXTS: ReadonlySet<FieldType> = new Set([
  "text",
  "email",
  "url",
  "editor",
  "date",
  "autodate",
  "select",
  "relation",
]);

/**
 * Finds the equalities that no record can meet the rule without: `owner = @request.auth.id`, `room = "blue"`,
 * `team.members.id ?= @request.auth.id`, alone or joined to others by `&&`. Who listens under such a rule need only be
 * asked about records that hold that text.
 */
export function routingValues(condition: Condition, context: RuleContext): readonly RoutingValue[] {
  if (condition.kind === "comparison") return [ofComparison(condition, context)].filter((found) => found !== undefined);
  return condition.kind === "and" ? condition.parts.flatMap((part) => routingValues(part, context)) : [];
}

/** The one equality that a rule consists of: a record meets the rule if what the path leads to holds that text. */
export function soleRequirement(condition: Condition, context: RuleContext): RoutingValue | undefined {
  if (condition.kind !== "comparison") return undefined;
  const required = ofComparison(condition, context);
  // Else all that the path leads to must hold it.
  return condition.any || !required?.operand.steps.some(({ many }) => many) ? required : undefined;
}

function ofComparison({ operator, left, right }: Comparison, context: RuleContext): RoutingValue | undefined {
  if (operator !== "=") return undefined;
  return between(left, right, context) ?? between(right, left, context);
}

function between(field: Operand, other: Operand, context: RuleContext): RoutingValue | undefined {
  if (field.kind !== "field" || !isText(field)) return undefined;
  const value = textOf(other, context);
  // An empty text is also met by NULL, and a guest has none: no equality to look up by.
  return value ? { field: nameOf(field), value, operand: field } : undefined;
}

const nameOf = ({ steps, access }: FieldOperand): string =>
  [...steps.map(({ key }) => key), access.column.name].join(".");

const isText = ({ steps, access }: FieldOperand): boolean =>
  steps.every(({ kind }) => kind === "relation" || kind === "backRelation") &&
  access.kind === "column" &&
  !access.lower &&
  !access.column.multiple &&
  TEXTS.has(access.column.type);

function textOf(operand: Operand, context: RuleContext): string | undefined {
  if (operand.kind === "literal") return typeof operand.value === "string" ? operand.value : undefined;
  if (operand.kind !== "request" || operand.lower || operand.reading !== "value") return undefined;
  const value = requestValue(operand, context);
  // SQLite may hold another text for one that is not well-formed.
  return typeof value === "string" && value.isWellFormed() && !value.includes("\0") ? value : undefined;
}
