import type { FieldType } from "../collections/fields/field.ts";
import type { Comparison, Condition, FieldOperand, Operand } from "./condition.ts";
import { requestValue } from "./request-value.ts";
import type { RuleContext } from "./rule-context.ts";

/** A text that a field of every record which meets a rule holds, to the letter. */
export interface RequiredValue {
  readonly field: string;
  readonly value: string;
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
 * Finds an equality that no record can meet the rule without: `owner = @request.auth.id`, `room = "blue"`, alone or
 * joined to others by `&&`. Who listens under such a rule need only be asked about records that hold that text.
 *
 * @returns `undefined` where the rule says nothing of the kind
 */
export function requiredValue(condition: Condition, context: RuleContext): RequiredValue | undefined {
  if (condition.kind === "comparison") return ofComparison(condition, context);
  if (condition.kind === "or") return undefined;
  for (const part of condition.parts) {
    const found = requiredValue(part, context);
    if (found) return found;
  }
  return undefined;
}

function ofComparison({ operator, left, right }: Comparison, context: RuleContext): RequiredValue | undefined {
  if (operator !== "=") return undefined;
  return between(left, right, context) ?? between(right, left, context);
}

function between(field: Operand, other: Operand, context: RuleContext): RequiredValue | undefined {
  if (field.kind !== "field" || !isOwnText(field)) return undefined;
  const value = textOf(other, context);
  // An empty text is also met by NULL, and a guest has none: no equality to look up by.
  return value ? { field: field.access.column.name, value } : undefined;
}

const isOwnText = ({ steps, access }: FieldOperand): boolean =>
  steps.length === 0 &&
  access.kind === "column" &&
  !access.lower &&
  !access.column.multiple &&
  TEXTS.has(access.column.type);

function textOf(operand: Operand, context: RuleContext): string | undefined {
  if (operand.kind === "literal") return typeof operand.value === "string" ? operand.value : undefined;
  if (operand.kind !== "request" || operand.lower || operand.reading !== "value") return undefined;
  const value = requestValue(operand, context);
  return typeof value === "string" ? value : undefined;
}
