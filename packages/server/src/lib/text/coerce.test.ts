import { describe, expect, test } from "bun:test";
import { countCharacters, toBool, toNumber, toText, toTexts } from "./coerce.ts";

describe("toText", () => {
  test.each([
    [1e21, "1000000000000000000000"],
    [-1.25e-9, "-0.00000000125"],
    [123456789012345680000, "123456789012345680000"],
    [true, "true"],
    [null, ""],
    [undefined, ""],
    [["a"], ""],
    [{ a: 1 }, ""],
  ])("%p is %p", (input, text) => expect(toText(input)).toBe(text));
});

describe("toNumber", () => {
  test.each([
    ["1e3", 1000],
    ["-.5", -0.5],
    [" 1", 0],
    ["0x10", 0],
    ["0x1p4", 16],
    ["-0X1.8P+1", -3],
    ["0x.8p0", 0.5],
    ["0x1p9999", 0],
    ["1e999", 0],
    ["-1_000.2_5e1_0", -1000.25e10],
    ["1_", 0],
    ["_1", 0],
    ["1__0", 0],
    ["1_.5", 0],
    ["1e_1", 0],
    ["inf", Number.POSITIVE_INFINITY],
    [true, 1],
    [[5], 0],
  ])("%p is %p", (input, number) => expect(toNumber(input)).toBe(number));
});

describe("toBool", () => {
  test.each([
    ["T", true],
    ["yes", false],
    [2, true],
    ["2", false],
    [null, false],
  ])("%p is %p", (input, bool) => expect(toBool(input)).toBe(bool));
});

describe("toTexts", () => {
  test("of a list that holds another list or an object is empty", () => {
    expect(toTexts(["a", ["b"]])).toEqual([]);
    expect(toTexts(["a", {}])).toEqual([]);
    expect(toTexts(["a", null, 1, true])).toEqual(["a", "1", "true"]);
  });

  test("a list with half of a surrogate pair, or of too many texts, is a text", () => {
    const half = String.raw`["a","\ud800"]`;
    expect(toTexts(half)).toEqual([half]);
    const long = JSON.stringify(Array.from({ length: 100_001 }, (_, n) => String(n)));
    expect(toTexts(long)).toEqual([long]);
  });

  test.each([
    ["", []],
    ["a", ["a"]],
    ['["a","b","a",""]', ["a", "b"]],
    ['["a",1,"b"]', ["a", '["a",1,"b"]']],
    ["x[", ["x["]],
    [
      [1, "", true, null, "1"],
      ["1", "true"],
    ],
    [{ a: 1 }, []],
    [7, ["7"]],
  ])("%p is %p", (input, texts) => expect(toTexts(input)).toEqual(texts));
});

test("a character is a code point", () => {
  expect(countCharacters("a😀é")).toBe(3);
});
