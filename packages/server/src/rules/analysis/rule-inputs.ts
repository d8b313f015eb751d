import { LRUCache } from "lru-cache";
import { isMacro } from "../syntax/macros.ts";
import { parseRule } from "../syntax/parse.ts";
import { RuleError } from "../syntax/rule-error.ts";
import type { ExpressionNode, OperandNode } from "../syntax/syntax-tree.ts";

/** What a rule reads besides records: where it does not read a part, its answer is the same whatever the part is. */
export interface Reads {
  readonly auth: boolean;
  readonly body: boolean;
  readonly query: boolean;
  readonly headers: boolean;
  readonly context: boolean;
  readonly method: boolean;
  /** The time, through a macro or `strftime`. */
  readonly now: boolean;
}

const NOTHING: Reads = {
  auth: false,
  body: false,
  query: false,
  headers: false,
  context: false,
  method: false,
  now: false,
};

const PARTS = ["auth", "body", "query", "headers", "context", "method"] as const;

const cache = new LRUCache<string, Reads>({ max: 1_000 });

/** What a rule or filter reads; nothing when the text is empty or no rule, for then it has one answer for all. */
export function readsOf(text: string): Reads {
  if (text === "") return NOTHING;
  let reads = cache.get(text);
  if (!reads) cache.set(text, (reads = findReads(text)));
  return reads;
}

function findReads(text: string): Reads {
  const reads = { ...NOTHING };
  try {
    for (const operand of operandsOf(parseRule(text))) note(operand, reads);
    return reads;
  } catch (error) {
    if (error instanceof RuleError) return NOTHING;
    throw error;
  }
}

function note(operand: OperandNode, reads: Record<keyof Reads, boolean>): void {
  if (operand.kind === "call" && operand.name === "strftime") reads.now = true;
  if (operand.kind !== "name") return;
  if (isMacro(operand.name)) reads.now = true;
  const [root, part = ""] = operand.name.split(".");
  const known = PARTS.find((name) => name === part);
  if (root === "@request" && known) reads[known] = true;
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
