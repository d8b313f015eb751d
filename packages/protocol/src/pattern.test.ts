import { expect, test } from "bun:test";
import { assert, constantFrom, property, string } from "fast-check";
import { parsePattern, type Pattern } from "./pattern.ts";

test.each([
  ["*", { kind: "all" }],
  ["posts.*", { kind: "every", name: "posts" }],
  ["room:42.*", { kind: "every", name: "room:42" }],
  ["posts.123", { kind: "one", name: "posts", record: "123" }],
  ["posts.a.b/c", { kind: "one", name: "posts", record: "a.b/c" }],
] as const)("%s is a pattern", (text, pattern) => {
  expect(parsePattern(text)).toEqual(pattern);
});

test("what is no pattern is none, and what is one says all of its text", () => {
  assert(
    property(string({ unit: constantFrom("a", "@", ".", "*", " ", "\n", ":", "é", "/"), maxLength: 8 }), (text) => {
      const pattern = parsePattern(text);
      if (!pattern) return;
      expect(textOf(pattern)).toBe(text);
      expect(text).not.toMatch(/\s|^\.|\*.*\*/);
    }),
  );
});

function textOf(pattern: Pattern): string {
  switch (pattern.kind) {
    case "all":
      return "*";
    case "every":
      return `${pattern.name}.*`;
    case "one":
      return `${pattern.name}.${pattern.record}`;
    case "presence":
      return `@${textOf(pattern.of)}`;
  }
}
