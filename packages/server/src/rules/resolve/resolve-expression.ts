import type { Condition, Operand } from "./condition.ts";
import { isMacro } from "../syntax/macros.ts";
import { resolveCall } from "./resolve-call.ts";
import { quote, RuleError } from "../syntax/rule-error.ts";
import type { ExpressionNode, OperandNode } from "../syntax/syntax-tree.ts";

/**
 * Resolves a name to an operand.
 *
 * @throws RuleError for a name that is unknown or not allowed
 */
export type ResolveName = (name: string, position: number) => Operand;

/** The maximum number of comparisons in one rule or filter. */
export const MAX_COMPARISONS = 200;

const CONSTANTS: Readonly<Record<string, null | boolean>> = { null: null, true: true, false: false };

/** @throws RuleError for a name or call that can't be resolved, and for more than `MAX_COMPARISONS` comparisons */
export function resolveExpression(tree: ExpressionNode, resolveName: ResolveName): Condition {
  let comparisons = 0;
  const resolve = (node: ExpressionNode): Condition => {
    if (node.kind !== "comparison") return { kind: node.kind, parts: node.parts.map(resolve) };
    comparisons += 1;
    if (comparisons > MAX_COMPARISONS) {
      throw new RuleError("max filter expressions limit reached", node.left.position);
    }
    const left = resolveSide("left", node.left, resolveName);
    const right = resolveSide("right", node.right, resolveName);
    return { kind: "comparison", left, operator: node.operator, any: node.any, right };
  };
  return resolve(tree);
}

function resolveSide(side: "left" | "right", node: OperandNode, resolveName: ResolveName): Operand {
  try {
    return resolveOperand(node, resolveName);
  } catch (error) {
    if (!(error instanceof RuleError) || !("name" in node)) throw error;
    throw new RuleError(`invalid ${side} operand ${quote(node.name)} - ${error.reason}`, error.position);
  }
}

function resolveOperand(node: OperandNode, resolveName: ResolveName): Operand {
  switch (node.kind) {
    case "text":
    case "number":
      return { kind: "literal", value: node.value };
    case "call":
      return resolveCall(node, (argument) => resolveOperand(argument, resolveName));
    case "name":
      return isMacro(node.name)
        ? { kind: "macro", name: node.name }
        : resolvePlainName(node.name, node.position, resolveName);
  }
}

/** A field may be called `null`, `true` or `false`; without such a field the word is a constant. */
function resolvePlainName(name: string, position: number, resolveName: ResolveName): Operand {
  const constant = CONSTANTS[name.toLowerCase()];
  if (constant === undefined) return resolveName(name, position);
  try {
    return resolveName(name, position);
  } catch (error) {
    if (error instanceof RuleError) return { kind: "constant", value: constant };
    throw error;
  }
}
