import { expect, test } from "bun:test";
import { likePattern } from "./like-pattern.ts";

test("text without a wildcard is searched for anywhere, with its special characters escaped", () => {
  expect(likePattern("ab")).toBe("%ab%");
  expect(likePattern("")).toBe("%%");
  expect(likePattern("a_b")).toBe(String.raw`%a\_b%`);
  expect(likePattern(String.raw`a\b`)).toBe(String.raw`%a\\b%`);
  expect(likePattern("_😀_")).toBe("%\\_😀\\_%");
});

test("text with an unescaped % is the pattern itself", () => {
  expect(likePattern("a%")).toBe("a%");
  expect(likePattern("%_b")).toBe("%_b");
  expect(likePattern(String.raw`a\\%`)).toBe(String.raw`a\\%`);
});

test("an escaped % is not a wildcard and stays escaped", () => {
  expect(likePattern(String.raw`100\%`)).toBe(String.raw`%100\%%`);
});

test("of two adjacent special characters only the second is escaped, as in PocketBase", () => {
  expect(likePattern("__")).toBe(String.raw`%_\_%`);
  expect(likePattern("a___")).toBe(String.raw`%a\__\_%`);
});
