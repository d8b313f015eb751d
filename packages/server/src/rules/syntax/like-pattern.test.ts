import { expect, test } from "bun:test";
import { likePattern } from "./like-pattern.ts";

test("text without a wildcard is looked for anywhere, its special characters meant literally", () => {
  expect(likePattern("ab")).toBe("%ab%");
  expect(likePattern("")).toBe("%%");
  expect(likePattern("a_b")).toBe(String.raw`%a\_b%`);
  expect(likePattern(String.raw`a\b`)).toBe(String.raw`%a\\b%`);
  expect(likePattern("_😀_")).toBe("%\\_😀\\_%");
});

test("a % of its own makes a pattern of the text", () => {
  expect(likePattern("a%")).toBe("a%");
  expect(likePattern("%_b")).toBe("%_b");
  expect(likePattern(String.raw`a\\%`)).toBe(String.raw`a\\%`);
});

test("an escaped % is no wildcard and stays escaped", () => {
  expect(likePattern(String.raw`100\%`)).toBe(String.raw`%100\%%`);
});

test("of two special characters side by side only the second is escaped, as in PocketBase", () => {
  expect(likePattern("__")).toBe(String.raw`%_\_%`);
  expect(likePattern("a___")).toBe(String.raw`%a\__\_%`);
});
