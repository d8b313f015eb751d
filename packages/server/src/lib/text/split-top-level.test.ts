import { expect, test } from "bun:test";
import { splitTopLevel } from "./split-top-level.ts";

test.each([
  ["a, b ,, c", ["a", "b", "c"]],
  ["max(a,b), `x,y`, 'it''s, so'", ["max(a,b)", "`x,y`", "'it''s, so'"]],
  [String.raw`'a\',b', c`, [String.raw`'a\',b'`, "c"]],
  ["", []],
  ["a), b", ["a)", "b"]],
  ["(a, b", undefined],
  ["'a, b", undefined],
])("%p is split into %p", (text, parts) => {
  expect(splitTopLevel(text, ",")).toEqual(parts);
});
