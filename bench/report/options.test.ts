import { expect, test } from "bun:test";
import { benchCommand, type Options } from "./options.ts";

const OPTIONS = {
  size: { help: "", default: 7, min: 1 },
  sizes: { help: "", default: [1, 16], min: 1 },
  rule: { help: "", default: "public", choices: ["public", "owner"] },
  tree: { help: "", default: "", value: "dir" },
} as const satisfies Options;

/** The values that the bench runs with for these arguments. */
async function read(...args: string[]): Promise<unknown> {
  let result: unknown;
  const command = benchCommand("name", "summary", OPTIONS, async (values, json) => void (result = { ...values, json }));
  await command
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync(args, { from: "user" });
  return result;
}

test("omitted options have their defaults", async () => {
  expect(await read()).toEqual({ size: 7, sizes: [1, 16], rule: "public", tree: "", json: false });
});

test("a number, a list of numbers, a choice and --json are read", async () => {
  expect(await read("--size", "3", "--sizes", "2,4,8", "--rule", "owner", "--tree", "/a", "--json")).toEqual({
    size: 3,
    sizes: [2, 4, 8],
    rule: "owner",
    tree: "/a",
    json: true,
  });
});

test.each([
  [["--size", "0"], "It must be a whole number of at least 1."],
  [["--sizes", "1,,2"], "It must be a whole number of at least 1."],
  [["--rule", "secret"], "Allowed choices are public, owner."],
])("%p is rejected", async (args, message) => {
  await read(...args).then(
    () => expect.unreachable(),
    (error: unknown) => expect(String(error)).toContain(message),
  );
});
