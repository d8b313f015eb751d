import { LRUCache } from "lru-cache";
import { quote, RuleError } from "./rule-error.ts";
import type { ExpressionNode, OperandNode } from "./syntax-tree.ts";
import { type GroupEnds, readToken, type Token } from "./tokenize.ts";

/** More than fit into a client's filter; keeps nested brackets from exhausting the stack. */
const MAX_GROUP_DEPTH = 2_000;

const parsed = new LRUCache<string, ExpressionNode>({ max: 1_000 });

/**
 * Parses a rule or filter. `&&` binds tighter than `||`. Trees are cached by their text and shared.
 *
 * @throws RuleError for text that is not an expression, the empty text included
 */
export function parseRule(text: string): ExpressionNode {
  const known = parsed.get(text);
  if (known) return known;
  const tree = parseExpression(text, 0, 0, new Map());
  parsed.set(text, tree);
  return tree;
}

/**
 * A group may appear wherever a token may; an unfinished comparison before it is dropped (PocketBase's behaviour).
 *
 * @param text ends where the expression ends
 * @param from where the expression begins; the text before it keeps offsets relative to the whole rule
 */
function parseExpression(text: string, from: number, depth: number, ends: GroupEnds): ExpressionNode {
  const terms = new Terms();
  let expects: "left" | "operator" | "right" | "join" = "left";
  let left: OperandNode | undefined;
  let operator: Extract<Token, { kind: "operator" }> | undefined;

  for (let token = readToken(text, from, ends); token; token = readToken(text, token.end, ends)) {
    if (token.kind === "group") {
      if (depth === MAX_GROUP_DEPTH) throw new RuleError("brackets nested too deeply", token.start);
      terms.add(parseExpression(text.slice(0, token.end - 1), token.start + 1, depth + 1, ends));
      expects = "join";
    } else if (expects === "left") {
      left = operandOf(token, text, "left operand (identifier, function, text or number)");
      expects = "operator";
    } else if (expects === "operator") {
      if (token.kind !== "operator") throw expected("a sign operator", token, text);
      operator = token;
      expects = "right";
    } else if (expects === "right") {
      const { operator: is, any } = operator!;
      terms.add({
        kind: "comparison",
        left: left!,
        operator: is,
        any,
        right: operandOf(token, text, "right operand (identifier, function text or number)"),
      });
      expects = "join";
    } else {
      if (token.kind !== "join") throw expected("&& or ||", token, text);
      terms.join = token.join;
      expects = "left";
    }
  }
  if (expects === "join") return terms.toExpression();
  const isEmpty = left === undefined && terms.isEmpty;
  throw new RuleError(isEmpty ? "empty filter expression" : "invalid or incomplete filter expression", text.length);
}

/** Collects terms in order, as a disjunction of conjunctions. */
class Terms {
  /** Joins the next term; a group without a join reuses the previous one. */
  join: "and" | "or" = "and";
  readonly #alternatives: ExpressionNode[][] = [];

  get isEmpty(): boolean {
    return this.#alternatives.length === 0;
  }

  add(term: ExpressionNode): void {
    if (this.join === "or" || this.isEmpty) this.#alternatives.push([term]);
    else this.#alternatives.at(-1)!.push(term);
  }

  toExpression(): ExpressionNode {
    return combine(
      "or",
      this.#alternatives.map((parts) => combine("and", parts)),
    );
  }
}

const combine = (kind: "and" | "or", parts: readonly ExpressionNode[]): ExpressionNode =>
  parts.length === 1 ? parts[0]! : { kind, parts };

function operandOf(token: Token, text: string, what: string): OperandNode {
  if (token.kind === "operand") return token.operand;
  throw expected(what, token, text);
}

function expected(what: string, token: Token, text: string): RuleError {
  const [literal, type] = written(token, text);
  return new RuleError(`expected ${what}, got ${quote(literal)} (${type})`, token.start);
}

/** A token and its type as PocketBase names them. */
function written(token: Token, text: string): readonly [literal: string, type: string] {
  if (token.kind === "operator") return [`${token.any ? "?" : ""}${token.operator}`, "sign"];
  if (token.kind === "join") return [token.join === "and" ? "&&" : "||", "join"];
  if (token.kind === "group") return [text.slice(token.start + 1, token.end - 1), "group"];
  const { operand } = token;
  switch (operand.kind) {
    case "name":
      return [operand.name, "identifier"];
    case "call":
      return [operand.name, "function"];
    case "text":
      return [operand.value, "text"];
    case "number":
      return [text.slice(token.start, token.end).replace("\0", ""), "number"];
  }
}
