import { expect, test } from "bun:test";
import { assert, constantFrom, property, string } from "fast-check";
import { parsePattern } from "./pattern.ts";

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
    property(string({ unit: constantFrom("a", ".", "*", " ", "\n", ":", "é", "/"), maxLength: 8 }), (text) => {
      const pattern = parsePattern(text);
      if (!pattern) return;
      const { kind } = pattern;
      expect(kind === "all" ? "*" : kind === "every" ? `${pattern.name}.*` : `${pattern.name}.${pattern.record}`).toBe(
        text,
      );
      expect(text).not.toMatch(/\s|^\.|\*.*\*/);
    }),
  );
});
