import { recordId } from "@headwater/protocol";
import type { Comparison, Condition, FieldOperand, Operand, RequestOperand } from "../resolve/condition.ts";
import { partsOf } from "../resolve/flatten-operand.ts";
import { principalKey } from "../principal.ts";
import type { RecordScope } from "../resolve/record-scope.ts";
import { requestValue } from "../resolve/request-value.ts";
import { predicateOf } from "./resolve-rule.ts";
import type { RuleContext } from "../rule-context.ts";

/**
 * All of a principal that a rule's answer hangs on: where the keys of two principals are equal, and all else of their
 * contexts, the rule has the same answer for both about every record. What has one answer about all records, as
 * `@request.auth.id != ""` has, is settled here: all users are alike under it.
 */
export function decisionKey(condition: Condition, scope: RecordScope, context: RuleContext): string {
  const key = keyOf(condition, scope, context);
  // The same path may mean another thing to an account of another collection.
  const hasSettled = key === YES || key === NO;
  return hasSettled || !reads(condition) ? key : `${scope.auth?.id ?? ""}:${key}`;
}

/** Does a principal meet the rule with no record whatever? */
export const isRuledOut = (condition: Condition, scope: RecordScope, context: RuleContext): boolean =>
  keyOf(condition, scope, context) === NO;

const YES = "yes";
const NO = "no";

function keyOf(condition: Condition, scope: RecordScope, context: RuleContext): string {
  if (condition.kind === "comparison") return comparisonKey(condition, scope, context);
  // What decides the whole, and what does not count beside the others.
  const [deciding, idle] = condition.kind === "and" ? [NO, YES] : [YES, NO];
  const keys = condition.parts.map((part) => keyOf(part, scope, context));
  if (keys.includes(deciding)) return deciding;
  return keys.every((key) => key === idle) ? idle : `(${keys.join(",")})`;
}

function comparisonKey(comparison: Comparison, scope: RecordScope, context: RuleContext): string {
  const operands = [comparison.left, comparison.right].flatMap(partsOf);
  if (operands.every(isOfRequest)) {
    const answer = predicateOf(comparison, scope.collection)?.(NOBODY, context, NEVER);
    if (answer !== undefined) return answer ? YES : NO;
  }
  if (operands.some(leadsThroughAuth)) return JSON.stringify(principalKey(context.principal));
  const values = operands.filter(isOfAuth).map((operand) => requestValue(operand, context));
  return JSON.stringify(values, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

const NOBODY = { id: recordId("") };
const NEVER = new Date(0);

const isOfRequest = ({ kind }: Operand): boolean => kind === "request" || kind === "literal" || kind === "constant";

const isOfAuth = (operand: Operand): operand is RequestOperand =>
  operand.kind === "request" && operand.path[0] === "auth";

const leadsThroughAuth = (operand: Operand): operand is FieldOperand =>
  operand.kind === "field" && operand.steps.some(({ kind }) => kind === "auth");

function reads(condition: Condition): boolean {
  if (condition.kind !== "comparison") return condition.parts.some(reads);
  return [condition.left, condition.right].flatMap(partsOf).some((part) => isOfAuth(part) || leadsThroughAuth(part));
}
