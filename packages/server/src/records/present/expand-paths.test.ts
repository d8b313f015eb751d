import { expect, test } from "bun:test";
import { parseExpand } from "./expand-paths.ts";

test.each([
  ["", []],
  [" , ", []],
  ["a", [["a"]]],
  ["a.b, a , c", [["a", "b"], ["c"]]],
  ["a,a", [["a"]]],
  [".a.b.", [["a", "b"]]],
  [
    "a.b,a.bc",
    [
      ["a", "b"],
      ["a", "bc"],
    ],
  ],
])("%p", (text, expected) => {
  expect(parseExpand(text)).toEqual(expected);
});
