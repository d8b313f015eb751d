import { toNumber } from "../../lib/text/coerce.ts";
import { quote, quoteCharacter, RuleError } from "./rule-error.ts";
import { type OperandNode, type Operator, OPERATORS } from "./syntax-tree.ts";

/** A token's content, without its offsets. */
type Meaning =
  | { readonly kind: "operand"; readonly operand: OperandNode }
  | { readonly kind: "operator"; readonly operator: Operator; readonly any: boolean }
  | { readonly kind: "join"; readonly join: "and" | "or" }
  | { readonly kind: "group" };

export type Token = Meaning & { readonly start: number; readonly end: number };

/** The scanner of PocketBase reads a NUL as the end of the text: it ends a token and is gone, or ends everything. */
const END = "\0";
const BLANK = /(?:[ \t\n]+\0?|\/\/[^\n\0]*\0?)+/y;
const NAME = /[A-Za-z_@#][\w.:]*/y;
const NUMBER = /-?\d*\.?\d*/y;
const TEXTS = { "'": /'[^'\\\0]*(?:\\[^\0][^'\\\0]*)*'/y, '"': /"[^"\\\0]*(?:\\[^\0][^"\\\0]*)*"/y };
const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "\\": "\\", "'": "'", '"': '"' };
const OPERATOR = /[=?!<>~]+/y;
const JOIN = /[&|]+/y;
const MARK_IN_GROUP = /[()'"\0]/g;

/** How deep calls may nest, the outermost included. */
const MAX_CALL_DEPTH = 3;

/** The end of each group, by its start. Finding the end of a group also finds the ends of the groups inside it. */
export type GroupEnds = Map<number, number>;

/**
 * The token at or after `from`; `undefined` at the end of the text.
 *
 * @param ends the group ends that earlier calls found in this text, or in a longer text that starts with it
 * @throws RuleError where no token can begin
 */
export function readToken(text: string, from: number, ends: GroupEnds): Token | undefined {
  const start = skipBlank(text, from);
  const first = text[start];
  if (first === undefined || first === END) return undefined;
  if (first === "(") return { kind: "group", start, end: ends.get(start) ?? endOfGroup(text, start, ends) };
  if (first === "&" || first === "|") {
    const join = matchAt(JOIN, text, start);
    if (join !== "&&" && join !== "||") throw new RuleError(`invalid join operator "${join}"`, start);
    return { kind: "join", join: join === "&&" ? "and" : "or", start, end: afterRun(text, start + join.length) };
  }
  if ("=?!<>~".includes(first)) {
    const written = matchAt(OPERATOR, text, start);
    const any = written.startsWith("?");
    const operator = OPERATORS.find((known) => known === (any ? written.slice(1) : written));
    if (!operator) throw new RuleError(`invalid sign operator ${quote(written)}`, start);
    return { kind: "operator", operator, any, start, end: afterRun(text, start + written.length) };
  }
  return readOperand(text, start, MAX_CALL_DEPTH);
}

function readOperand(text: string, start: number, callDepth: number): Extract<Token, { kind: "operand" }> {
  const first = text[start]!;
  if (first === "'" || first === '"') {
    const quoted = matchAt(TEXTS[first], text, start);
    if (quoted === "") throw new RuleError(`invalid quoted text ${quote(unescape(restOf(text, start)))}`, start);
    const value = unescape(quoted.slice(1, -1));
    return { kind: "operand", operand: { kind: "text", value, position: start }, start, end: start + quoted.length };
  }
  if (first === "-" || (first >= "0" && first <= "9")) {
    const digits = matchAt(NUMBER, text, start);
    if (digits === "-" || digits.endsWith(".")) throw new RuleError(`invalid number "${digits}"`, start);
    const operand = { kind: "number", value: toNumber(digits), position: start } as const;
    return { kind: "operand", operand, start, end: afterRun(text, start + digits.length) };
  }
  const name = matchAt(NAME, text, start);
  if (name === "") throw new RuleError(first === "/" ? "invalid comment" : unexpected(text, start), start);
  if (/[.:]$/.test(name) || /^[@#_]$/.test(name)) throw new RuleError(`invalid identifier ${quote(name)}`, start);
  const end = start + name.length;
  if (text[end] === "(") return readCall(text, start, name, callDepth);
  return { kind: "operand", operand: { kind: "name", name, position: start }, start, end: afterRun(text, end) };
}

/** Reads `name(a, b)`. A trailing comma is allowed. */
function readCall(text: string, start: number, name: string, depth: number): Extract<Token, { kind: "operand" }> {
  if (depth <= 0) throw new RuleError(`max nested function arguments reached (max: ${MAX_CALL_DEPTH})`, start);
  const operands: OperandNode[] = [];
  let at = start + name.length + 1;
  let needsComma = false;
  for (;;) {
    at = skipBlank(text, at);
    const next = text[at];
    if (next === undefined) throw new RuleError(`invalid or incomplete function ${quote(name)} (expected ')')`, start);
    if (next === ")") break;
    if (next === "/") throw new RuleError(`failed to scan comment in function ${quote(name)}: invalid comment`, at);
    if (needsComma !== (next === ",")) {
      const what = needsComma ? "expected comma after the last argument" : "unexpected comma";
      throw new RuleError(`${what} in function ${quote(name)}`, at);
    }
    if (needsComma) {
      at += 1;
    } else {
      const argument = readArgument(text, at, name, depth - 1);
      operands.push(argument.operand);
      at = argument.end;
    }
    needsComma = !needsComma;
  }
  const operand = { kind: "call", name, arguments: operands, position: start } as const;
  return { kind: "operand", operand, start, end: at + 1 };
}

function readArgument(text: string, at: number, name: string, depth: number): Extract<Token, { kind: "operand" }> {
  const first = text[at]!;
  const inFunction = `in function ${quote(name)}`;
  if (!/[\w'"@#-]/.test(first)) {
    throw new RuleError(`unsupported argument character ${quoteCharacter(characterAt(text, at))} ${inFunction}`, at);
  }
  try {
    return readOperand(text, at, depth);
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    throw new RuleError(`invalid ${writtenAt(text, at)} ${inFunction}: ${error.reason}`, error.position);
  }
}

/** What an argument that can't be read seems to be. */
function writtenAt(text: string, at: number): string {
  const first = text[at]!;
  if (first === "'" || first === '"') return `text argument ${quote(unescape(restOf(text, at)))}`;
  if (/[-\d]/.test(first)) return `number argument ${quote(matchAt(NUMBER, text, at))}`;
  return `identifier argument ${quote(matchAt(NAME, text, at))}`;
}

/**
 * Finds where a group ends. Brackets inside quotes don't count, brackets inside comments do (PocketBase's behaviour).
 */
function endOfGroup(text: string, start: number, ends: GroupEnds): number {
  const open: number[] = [];
  let at = start;
  do {
    MARK_IN_GROUP.lastIndex = at;
    const found = MARK_IN_GROUP.exec(text);
    if (!found || found[0] === END) {
      throw new RuleError(`invalid formatted group - missing ${open.length} closing bracket(s)`, start);
    }
    at = found.index + 1;
    if (found[0] === "(") open.push(found.index);
    else if (found[0] === ")") ends.set(open.pop()!, at);
    else at = readOperand(text, found.index, 0).end;
  } while (open.length > 0);
  return at;
}

/** Where to go on after a token that ends where other characters begin. */
const afterRun = (text: string, end: number): number => (text[end] === END ? end + 1 : end);

const skipBlank = (text: string, from: number): number => from + matchAt(BLANK, text, from).length;

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? "";
}

/** Before a character that it does not escape, a backslash is literal. */
const unescape = (text: string): string =>
  text.replace(/\\([^])/g, (pair, character: string) => ESCAPES[character] ?? pair);

/** Up to where the text ends for PocketBase's scanner. */
const restOf = (text: string, from: number): string => text.slice(from).split(END, 1)[0]!;

const unexpected = (text: string, at: number): string =>
  `unexpected character ${quoteCharacter(characterAt(text, at))}`;

const characterAt = (text: string, at: number): string => String.fromCodePoint(text.codePointAt(at)!);
