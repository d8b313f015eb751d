import { expect, test } from "bun:test";
import { benchCommand, type Options } from "./options.ts";

const OPTIONS = {
  size: { help: "", standard: 7, least: 1 },
  sizes: { help: "", standard: [1, 16], least: 1 },
  rule: { help: "", standard: "public", choices: ["public", "owner"] },
} as const satisfies Options;

/** Parses the arguments and returns what the bench would run with. */
async function read(...args: string[]): Promise<unknown> {
  let result: unknown;
  const command = benchCommand("name", "summary", OPTIONS, async (values, json) => void (result = { ...values, json }));
  await command
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync(args, { from: "user" });
  return result;
}

test("options that are not given have their defaults", async () => {
  expect(await read()).toEqual({ size: 7, sizes: [1, 16], rule: "public", json: false });
});

test("a number, a list of numbers, a choice and --json are read", async () => {
  expect(await read("--size", "3", "--sizes", "2,4,8", "--rule", "owner", "--json")).toEqual({
    size: 3,
    sizes: [2, 4, 8],
    rule: "owner",
    json: true,
  });
});

test.each([
  [["--size", "0"], "It must be a whole number from 1."],
  [["--sizes", "1,,2"], "It must be a whole number from 1."],
  [["--rule", "secret"], "Allowed choices are public, owner."],
])("%p is refused", async (args, message) => {
  await expect(read(...args)).rejects.toThrow(message);
});
