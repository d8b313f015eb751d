import { recordId } from "@headwater/protocol";
import type { Comparison, Condition, FieldOperand, Operand, RequestOperand } from "../resolve/condition.ts";
import { flattenOperand } from "../resolve/flatten-operand.ts";
import { principalKey } from "../principal.ts";
import type { RecordScope } from "../resolve/record-scope.ts";
import { requestValue } from "../resolve/request-value.ts";
import { predicateOf } from "./resolve-rule.ts";
import type { RuleContext } from "../rule-context.ts";

/**
 * A key of everything about a principal that a rule's result depends on. If two principals have equal keys and
 * otherwise equal contexts, the rule gives both the same result for every record. Parts that do not depend on the
 * record, such as `@request.auth.id != ""`, are evaluated here: all users get the same key for them.
 */
export function decisionKey(condition: Condition, scope: RecordScope, context: RuleContext): string {
  const key = keyOf(condition, scope, context);
  // The same path may mean something else for an auth record of another collection.
  const isConstant = key === YES || key === NO;
  return isConstant || !dependsOnPrincipal(condition) ? key : `${scope.auth?.id ?? ""}:${key}`;
}

/** Whether the rule is false for every record, given this principal. */
export const matchesNoRecord = (condition: Condition, scope: RecordScope, context: RuleContext): boolean =>
  keyOf(condition, scope, context) === NO;

const YES = "yes";
const NO = "no";

function keyOf(condition: Condition, scope: RecordScope, context: RuleContext): string {
  if (condition.kind === "comparison") return comparisonKey(condition, scope, context);
  // One deciding part settles the result; a neutral part does not affect it.
  const [deciding, neutral] = condition.kind === "and" ? [NO, YES] : [YES, NO];
  const keys = condition.parts.map((part) => keyOf(part, scope, context));
  if (keys.includes(deciding)) return deciding;
  return keys.every((key) => key === neutral) ? neutral : `(${keys.join(",")})`;
}

function comparisonKey(comparison: Comparison, scope: RecordScope, context: RuleContext): string {
  const operands = [comparison.left, comparison.right].flatMap(flattenOperand);
  if (operands.every(isOfRequest)) {
    const result = predicateOf(comparison, scope.collection)?.(EMPTY_RECORD, context, ANY_TIME);
    if (result !== undefined) return result ? YES : NO;
  }
  if (operands.some(readsAuthRecord)) return JSON.stringify(principalKey(context.principal));
  const values = operands.filter(isOfAuth).map((operand) => requestValue(operand, context));
  return JSON.stringify(values, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
}

const EMPTY_RECORD = { id: recordId("") };
const ANY_TIME = new Date(0);

const isOfRequest = ({ kind }: Operand): boolean => kind === "request" || kind === "literal" || kind === "constant";

const isOfAuth = (operand: Operand): operand is RequestOperand =>
  operand.kind === "request" && operand.path[0] === "auth";

const readsAuthRecord = (operand: Operand): operand is FieldOperand =>
  operand.kind === "field" && operand.steps.some(({ kind }) => kind === "auth");

function dependsOnPrincipal(condition: Condition): boolean {
  if (condition.kind !== "comparison") return condition.parts.some(dependsOnPrincipal);
  return [condition.left, condition.right]
    .flatMap(flattenOperand)
    .some((part) => isOfAuth(part) || readsAuthRecord(part));
}
