import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseRule } from "./parse.ts";
import { RuleError } from "./rule-error.ts";
import type { ExpressionNode, OperandNode } from "./syntax-tree.ts";

const operand = (node: OperandNode): string => {
  if (node.kind === "name") return node.name;
  return node.kind === "call" ? `${node.name}(${node.arguments.map(operand).join(", ")})` : JSON.stringify(node.value);
};

/** The tree with every bracket written out. */
const show = (node: ExpressionNode): string =>
  node.kind === "comparison"
    ? `${operand(node.left)} ${node.any ? "?" : ""}${node.operator} ${operand(node.right)}`
    : `(${node.parts.map(show).join(` ${node.kind} `)})`;

const parsed = (text: string): string => show(parseRule(text));

function failure(text: string): string {
  try {
    return parsed(text);
  } catch (error) {
    if (error instanceof RuleError) return error.message;
    throw error;
  }
}

test("&& binds tighter than ||, and brackets tighter than both", () => {
  expect(parsed("a=1 && b=2 || c=3 && d=4 || e=5")).toBe("((a = 1 and b = 2) or (c = 3 and d = 4) or e = 5)");
  expect(parsed("a=1 && (b=2 || c=3) && d=4")).toBe("(a = 1 and (b = 2 or c = 3) and d = 4)");
  expect(parsed("((a ?!~ 'x'))")).toBe('a ?!~ "x"');
});

test("outside quotes, a NUL after a token is dropped, and any other ends the text", () => {
  for (const text of ["a\0=\0 1", "a = 1\0", "a = 1 // x\0", "a = 1 \0\0b", "a = (a = 1)\0b", "// x\0a = 1"]) {
    expect(parsed(text)).toBe("a = 1");
  }
  expect(parsed("a = 1\0 &&\0 f(1\0, 'b'\n\0) = 1")).toBe('(a = 1 and f(1, "b") = 1)');
});

test.each(["", "\0a = 1", "a = '\0'", "a = 1 && 'x\0", "a =\0\x001", "f(\0)", "f()\0 = 1", "(a = 1\0)", "a = 1 \0b"])(
  "%j is not an expression",
  (text) => expect(() => parseRule(text)).toThrow(RuleError),
);

test("a group drops an unfinished comparison", () => {
  expect(parsed("a = (b = 1)")).toBe("b = 1");
  expect(parsed("a (b = 1)")).toBe("b = 1");
});

test("a group without a join takes the join before it, or && if there is none", () => {
  expect(parsed("(a=1)(b=2)")).toBe("(a = 1 and b = 2)");
  expect(parsed("a=1 || (b=2)(c=3)")).toBe("(a = 1 or b = 2 or c = 3)");
});

test("a comment inside a group ends at the bracket that ends the group", () => {
  expect(parsed("(a=1 // one) && b=2")).toBe("(a = 1 and b = 2)");
  expect(parsed("(\na=1 // one\n)")).toBe("a = 1");
});

describe("an invalid expression is refused with the offset of the mistake", () => {
  const table: [string, string][] = [
    ["", "empty filter expression at offset 0"],
    ["  // nothing", "empty filter expression at offset 12"],
    ["a=1 && ()", "empty filter expression at offset 8"],
    ["a", "invalid or incomplete filter expression at offset 1"],
    ["a =", "invalid or incomplete filter expression at offset 3"],
    ["a = 1 &&", "invalid or incomplete filter expression at offset 8"],
    ["(a = 1) || (b >) && c = 1", "invalid or incomplete filter expression at offset 15"],
    ["= 1", 'expected left operand (identifier, function, text or number), got "=" (sign) at offset 0'],
    ["a 1", 'expected a sign operator, got "1" (number) at offset 2'],
    ["a = =", 'expected right operand (identifier, function text or number), got "=" (sign) at offset 4'],
    ["a = 1 b = 2", 'expected && or ||, got "b" (identifier) at offset 6'],
    ["a = 1 && (b = 2 && (c = 'x' = d))", 'expected && or ||, got "=" (sign) at offset 28'],
    ["a = 1)", "unexpected character ')' at offset 5"],
  ];
  test.each(table)("%s", (text, message) => expect(failure(text)).toBe(message));
});

test("unclosed and deeply nested brackets are refused without exhausting the stack", () => {
  expect(failure(`${"(".repeat(5_000)}a=1${")".repeat(5_000)}`)).toBe("brackets nested too deeply at offset 2000");
  expect(failure("(".repeat(50_000))).toContain("missing 50000 closing bracket(s)");
  expect(parsed(`${"(".repeat(1_900)}a=1${")".repeat(1_900)}`)).toBe("a = 1");
});

test("any text gives a tree, or an error with an offset inside the text", () => {
  const words = [
    "a",
    "b.c:d",
    "=",
    "?!~",
    "&&",
    "||",
    "(",
    ")",
    "'x'",
    '"',
    "'",
    "\\",
    "1.5",
    "-",
    "f(",
    ",",
    "//",
    "\n",
    " ",
    "é",
  ];
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.array(fc.constantFrom(...words)).map((parts) => parts.join("")),
    fc.array(fc.constantFrom("a=1", "&&", "||", "(", ")", " ")).map((parts) => parts.join("")),
  );
  fc.assert(
    fc.property(texts, (text) => {
      try {
        return show(parseRule(text)).length > 0;
      } catch (error) {
        return error instanceof RuleError && error.position >= 0 && error.position <= text.length;
      }
    }),
    { numRuns: 2_000 },
  );
});
