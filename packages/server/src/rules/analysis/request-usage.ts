import { LRUCache } from "lru-cache";
import { isMacro } from "../syntax/macros.ts";
import { parseRule } from "../syntax/parse.ts";
import { RuleError } from "../syntax/rule-error.ts";
import type { ExpressionNode, OperandNode } from "../syntax/syntax-tree.ts";

/** The parts of the request that a rule reads. A part that it does not read can't change its result. */
export interface RequestUsage {
  readonly auth: boolean;
  readonly body: boolean;
  readonly query: boolean;
  readonly headers: boolean;
  readonly context: boolean;
  readonly method: boolean;
  /** The current time, through a macro or `strftime`. */
  readonly now: boolean;
}

const NOTHING: RequestUsage = {
  auth: false,
  body: false,
  query: false,
  headers: false,
  context: false,
  method: false,
  now: false,
};

const PARTS = ["auth", "body", "query", "headers", "context", "method"] as const;

const cache = new LRUCache<string, RequestUsage>({ max: 1_000 });

/**
 * The parts that a rule or filter reads. An empty or invalid text reads none: it has the same result for every request.
 */
export function requestUsage(text: string): RequestUsage {
  if (text === "") return NOTHING;
  let usage = cache.get(text);
  if (!usage) cache.set(text, (usage = findUsage(text)));
  return usage;
}

function findUsage(text: string): RequestUsage {
  const usage = { ...NOTHING };
  try {
    for (const operand of operandsOf(parseRule(text))) markUsed(operand, usage);
    return usage;
  } catch (error) {
    if (error instanceof RuleError) return NOTHING;
    throw error;
  }
}

function markUsed(operand: OperandNode, usage: Record<keyof RequestUsage, boolean>): void {
  if (operand.kind === "call" && operand.name === "strftime") usage.now = true;
  if (operand.kind !== "name") return;
  if (isMacro(operand.name)) usage.now = true;
  const [root, part = ""] = operand.name.split(".");
  const known = PARTS.find((name) => name === part);
  if (root === "@request" && known) usage[known] = true;
}

function* operandsOf(node: ExpressionNode | OperandNode): Generator<OperandNode> {
  switch (node.kind) {
    case "and":
    case "or":
      for (const part of node.parts) yield* operandsOf(part);
      break;
    case "comparison":
      yield* operandsOf(node.left);
      yield* operandsOf(node.right);
      break;
    case "call":
      yield node;
      for (const argument of node.arguments) yield* operandsOf(argument);
      break;
    case "name":
    case "text":
    case "number":
      yield node;
  }
}
