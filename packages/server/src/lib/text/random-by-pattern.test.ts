import { describe, expect, test } from "bun:test";
import { randomByPattern } from "./random-by-pattern.ts";
import { matchesPattern } from "./re2.ts";

const REPEATS = Array.from({ length: 200 });

describe("generated text matches the pattern", () => {
  test.each([
    "[a-z0-9]{15}",
    String.raw`(abc|de+f)-\d{2,5}`,
    "user_[[:alpha:]]{3}x?.",
    "[^a-z]{3}",
    String.raw`\w\s\x41\x{1F600}[\x41-\x43\]-]{4}`,
    String.raw`\Qa.b\E+(?P<name>q)(?:z)[^\d]`,
    "[]x]{2}",
  ])("%p", (pattern) => {
    for (const _ of REPEATS) expect(matchesPattern(`^(?:${pattern})$`, randomByPattern(pattern))).toBe(true);
  });
});

const lengths = (pattern: string): ReadonlySet<number> => new Set(REPEATS.map(() => randomByPattern(pattern).length));

test("the upper bound of a repetition is never reached, an open one ends at five", () => {
  expect(Math.max(...lengths("a{2,4}"))).toBe(3);
  expect(Math.max(...lengths("a*"))).toBe(5);
  expect(lengths("a?")).toEqual(new Set([0]));
  expect(lengths("a{7,}")).toEqual(new Set([7]));
});

test.each([
  ["^a", "unsupported pattern operator 9"],
  ["a$", "unsupported pattern operator 10"],
  [String.raw`\ba`, "unsupported pattern operator 11"],
  ["", "unsupported pattern operator 2"],
  ["[a", "error parsing regexp: missing closing ]: `[a`"],
])("%p is refused", (pattern, message) => {
  expect(() => randomByPattern(pattern)).toThrow(message);
});
