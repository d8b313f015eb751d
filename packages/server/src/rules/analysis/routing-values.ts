import type { FieldType } from "../../collections/fields/field.ts";
import type { Comparison, Condition, FieldOperand, Operand } from "../resolve/condition.ts";
import { requestValue } from "../resolve/request-value.ts";
import type { RuleContext } from "../rule-context.ts";

/** A text that every record that matches a rule holds exactly, in its own field or in that of a related record. */
export interface RoutingValue {
  /** The field's name, or a name for the path to it; unique within a collection. */
  readonly field: string;
  readonly value: string;
  readonly operand: FieldOperand;
}

/** Kinds whose column is text and compares byte for byte. */
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
 * Finds the equalities that every matching record must satisfy: `owner = @request.auth.id`, `room = "blue"`,
 * `team.members.id ?= @request.auth.id`, alone or joined to others by `&&`. For a subscriber under such a rule, only
 * records that hold that text need to be checked.
 */
export function routingValues(condition: Condition, context: RuleContext): readonly RoutingValue[] {
  if (condition.kind === "comparison")
    return [fromComparison(condition, context)].filter((found) => found !== undefined);
  return condition.kind === "and" ? condition.parts.flatMap((part) => routingValues(part, context)) : [];
}

/** The equality that is the whole rule: a record matches if and only if the path leads to that text. */
export function soleRoutingValue(condition: Condition, context: RuleContext): RoutingValue | undefined {
  if (condition.kind !== "comparison") return undefined;
  const required = fromComparison(condition, context);
  // Without `?`, every record that the path leads to must hold the text.
  return condition.any || !required?.operand.steps.some(({ many }) => many) ? required : undefined;
}

function fromComparison({ operator, left, right }: Comparison, context: RuleContext): RoutingValue | undefined {
  if (operator !== "=") return undefined;
  return fromOperands(left, right, context) ?? fromOperands(right, left, context);
}

function fromOperands(field: Operand, other: Operand, context: RuleContext): RoutingValue | undefined {
  if (field.kind !== "field" || !isText(field)) return undefined;
  const value = textOf(other, context);
  // An empty text also equals NULL, and a guest has no value: neither can be looked up.
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
  // SQLite may store a different text if this one is not well-formed.
  return typeof value === "string" && value.isWellFormed() && !value.includes("\0") ? value : undefined;
}
