import { expect, test } from "bun:test";
import { readOptions } from "./options.ts";

const OPTIONS = {
  size: { help: "", standard: 7, least: 1 },
  sizes: { help: "", standard: [1, 16], least: 1 },
  rule: { help: "", standard: "public", choices: ["public", "owner"] },
} as const;

const read = (...args: string[]) => readOptions(OPTIONS, args).values;

test("what is not given is the standard", () => {
  expect(read()).toEqual({ size: 7, sizes: [1, 16], rule: "public" });
});

test("a number, numbers and a choice are read", () => {
  expect(read("--size", "3", "--sizes", "2,4,8", "--rule", "owner")).toEqual({
    size: 3,
    sizes: [2, 4, 8],
    rule: "owner",
  });
});

test.each([
  [["--size", "0"], "--size must be a whole number from 1"],
  [["--sizes", "1,,2"], "--sizes must be a whole number from 1"],
  [["--rule", "secret"], "--rule must be one of public, owner"],
])("%p is refused", (args, message) => {
  expect(() => read(...args)).toThrow(message);
});
