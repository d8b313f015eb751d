import { expect, test } from "bun:test";
import { RuleError } from "./rule-error.ts";
import { readToken, type Token } from "./tokenize.ts";

function tokens(text: string): Token[] {
  const all: Token[] = [];
  const ends = new Map<number, number>();
  for (let token = readToken(text, 0, ends); token; token = readToken(text, token.end, ends)) all.push(token);
  return all;
}

function failure(text: string): string {
  try {
    tokens(text);
    return "";
  } catch (error) {
    if (error instanceof RuleError) return `${error.position}: ${error.reason}`;
    throw error;
  }
}

/** The value of an input that is a single text or number. */
function literal(text: string): string | number | undefined {
  const [token] = tokens(text);
  return token?.kind === "operand" && "value" in token.operand ? token.operand.value : undefined;
}

test("a name starts with a letter, _, @ or #, followed by letters, digits, _, dots and colons", () => {
  for (const name of ["a", "A1", "_a", "@a.b", "#a", "a.b:c", "a..b", "a1.2_3"]) {
    expect(tokens(name)).toMatchObject([{ operand: { kind: "name", name } }]);
  }
  expect(failure("a.")).toBe('0: invalid identifier "a."');
  expect(failure("x = a:")).toBe('4: invalid identifier "a:"');
  for (const name of ["@", "#", "_"]) expect(failure(name)).toBe(`0: invalid identifier "${name}"`);
});

test("a number may start with a minus sign, and needs digits after a dot", () => {
  expect([literal("1"), literal("-1"), literal("1.5"), literal("-.5"), literal("007")]).toEqual([1, -1, 1.5, -0.5, 7]);
  expect(failure("-")).toBe('0: invalid number "-"');
  expect(failure("1.")).toBe('0: invalid number "1."');
  expect(failure(".5")).toBe("0: unexpected character '.'");
  expect(failure("+1")).toBe("0: unexpected character '+'");
});

test("in a text, a backslash escapes quotes, itself, n, r and t, and is literal before anything else", () => {
  expect(literal(String.raw`'it\'s "so"'`)).toBe(`it's "so"`);
  expect(literal(String.raw`"a\"b\'c"`)).toBe(`a"b'c`);
  expect(literal(String.raw`'\\'`)).toBe("\\");
  expect(literal(String.raw`'\n\r\t'`)).toBe("\n\r\t");
  expect(literal(String.raw`'\q\%\\n'`)).toBe(String.raw`\q\%\n`);
  expect(literal("'é\n😀'")).toBe("é\n😀");
  expect(failure(String.raw`x = 'a\'`)).toBe(`4: invalid quoted text "'a'"`);
});

test("operators and joins are the longest run of their characters", () => {
  const operators = tokens("= != ~ !~ < <= > >= ?= ?!= ?~ ?!~ ?< ?<= ?> ?>=");
  expect(operators.map((token) => token.kind === "operator" && `${token.any ? "?" : ""}${token.operator}`)).toEqual(
    "= != ~ !~ < <= > >= ?= ?!= ?~ ?!~ ?< ?<= ?> ?>=".split(" "),
  );
  for (const run of ["==", "=!", "<>", "?", "!", "=?", "??="])
    expect(failure(run)).toContain(`invalid sign operator "${run}"`);
  for (const run of ["&", "|", "&&&", "&|"]) expect(failure(run)).toContain(`invalid join operator "${run}"`);
});

test("blanks are spaces, tabs and line feeds; a comment runs to the end of the line", () => {
  expect(tokens(" \t\n// a = 1\n// b")).toEqual([]);
  expect(tokens("a // x\n = // y\n 1")).toHaveLength(3);
  expect(failure("a\r\n")).toBe("1: unexpected character '\\r'");
  expect(failure("a / b")).toBe("2: invalid comment");
  expect(failure("a = é")).toBe("4: unexpected character 'é'");
  expect(failure("😀")).toBe("0: unexpected character '😀'");
});

test("a group ends at its matching bracket; brackets in quotes don't count, those in comments do", () => {
  expect(tokens("(a) b")).toMatchObject([{ kind: "group", start: 0, end: 3 }, { kind: "operand" }]);
  expect(tokens(`(a = ')' || (b))`)).toMatchObject([{ kind: "group", end: 16 }]);
  expect(failure("(a // )\n)")).toBe("8: unexpected character ')'");
  expect(failure("x (a = (b)")).toBe("2: invalid formatted group - missing 1 closing bracket(s)");
  expect(failure("(a = 'x)")).toBe(`5: invalid quoted text "'x)"`);
});

test("calls take names, numbers, texts and other calls, nested at most three deep", () => {
  const [call] = tokens("f( 1, 'a', // note\n b.c, g(),)");
  expect(call).toMatchObject({
    operand: { kind: "call", name: "f", arguments: [{ value: 1 }, { value: "a" }, { name: "b.c" }, { name: "g" }] },
  });
  expect(failure("f(g(h(1)))")).toBe("");
  expect(failure("f(g(h(i(1))))")).toBe(
    '6: invalid identifier argument "g" in function "f": invalid identifier argument "h" in function "g": invalid identifier argument "i" in function "h": max nested function arguments reached (max: 3)',
  );
  expect(failure("f(,)")).toBe('2: unexpected comma in function "f"');
  expect(failure("f(1 2)")).toBe('4: expected comma after the last argument in function "f"');
  expect(failure("f(1 / 2)")).toBe('4: failed to scan comment in function "f": invalid comment');
  expect(failure("f(1")).toBe(`0: invalid or incomplete function "f" (expected ')')`);
  expect(failure("f(=)")).toBe(`2: unsupported argument character '=' in function "f"`);
  expect(failure("a:(1)")).toBe('0: invalid identifier "a:"');
});
