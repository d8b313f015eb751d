import { expect, test } from "bun:test";
import { assert, constantFrom, property, string } from "fast-check";
import { parseSocketPattern, type SocketPattern } from "./socket-pattern.ts";

test.each([
  ["*", { kind: "all" }],
  ["posts.*", { kind: "name", name: "posts" }],
  ["room:42.*", { kind: "name", name: "room:42" }],
  ["posts.123", { kind: "record", name: "posts", record: "123" }],
  ["posts.a.b/c", { kind: "record", name: "posts", record: "a.b/c" }],
] as const)("%s is a pattern", (text, pattern) => {
  expect(parseSocketPattern(text)).toEqual(pattern);
});

test("a parsed pattern can be written back to the same text, and has no spaces and at most one star", () => {
  assert(
    property(string({ unit: constantFrom("a", "@", ".", "*", " ", "\n", ":", "é", "/"), maxLength: 8 }), (text) => {
      const pattern = parseSocketPattern(text);
      if (!pattern) return;
      expect(textOf(pattern)).toBe(text);
      expect(text).not.toMatch(/\s|^\.|\*.*\*/);
    }),
  );
});

function textOf(pattern: SocketPattern): string {
  switch (pattern.kind) {
    case "all":
      return "*";
    case "name":
      return `${pattern.name}.*`;
    case "record":
      return `${pattern.name}.${pattern.record}`;
    case "presence":
      return `@${textOf(pattern.target)}`;
  }
}
