import { describe, expect, test } from "bun:test";
import { ApiError } from "../lib/api-error.ts";
import { OTHER_PULL, PULL, readPush } from "./requests.ts";

const LIMITS = { json: { depth: 10_000, keys: 20, items: 20 }, bytes: 1_000 };
const mutation = { clientID: "c", id: 1, name: "create", args: { a: 1 } };
const push = { pushVersion: 1, clientGroupID: "g", mutations: [mutation] };
const pull = { pullVersion: 1, clientGroupID: "g", cookie: null };

const read = async (body: unknown, max = 100) => {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const found = await readPush(new TextEncoder().encode(text), max, LIMITS);
  return found && { group: found.group, mutations: await Promise.all(found.mutations.map((each) => each.read())) };
};

/** The status of what it throws. */
const statusOf = (work: Promise<unknown>): Promise<number> =>
  work.then(
    () => 200,
    (error: unknown) => (error instanceof ApiError ? error.status : 500),
  );

test("requests of version 1 are read, without the fields that the server does not use", async () => {
  expect(await read({ ...push, schemaVersion: "2", profileID: "p" })).toEqual({ group: "g", mutations: [mutation] });
  expect(PULL.parse({ ...pull, profileID: "p" })).toEqual(pull as never);
});

test.each([
  ["mutation ids that start at 0", { ...push, mutations: [{ ...mutation, id: 0 }] }],
  ["mutation ids that are not integers", { ...push, mutations: [{ ...mutation, id: 1.5 }] }],
  ["an empty client id", { ...push, mutations: [{ ...mutation, clientID: "" }] }],
  ["empty mutations", { ...push, mutations: [{}] }],
  ["a group id that is too long", { ...push, clientGroupID: "g".repeat(201) }],
  ["no mutations", { pushVersion: 1, clientGroupID: "g" }],
  ["an object of mutations", { ...push, mutations: { a: mutation } }],
  ["no version", { ...push, pushVersion: undefined }],
  ["a list", [push]],
  ["an open list", '{"pushVersion":1,"clientGroupID":"g","mutations":[{'],
  ["nothing", ""],
])("a push with %s is malformed", async (_, body) => {
  expect(await statusOf(read(body))).toBe(400);
});

test("a push finds no more mutations than it is asked for", async () => {
  const mutations = [1, 2, 3].map((id) => ({ ...mutation, id }));
  expect((await read({ ...push, mutations }, 2))?.mutations.map(({ id }) => id)).toEqual([1, 2]);
});

describe("a mutation is refused, and not the whole push,", () => {
  const text = (args: string): string => JSON.stringify(push).replace('{"a":1}', args);
  test.each<[string, string, number]>([
    ["with too many bytes", JSON.stringify("x".repeat(1_000)), 413],
    ["with too many keys", JSON.stringify(Object.fromEntries(Array.from({ length: 21 }, (_, n) => [n, 0]))), 413],
    ["with too many items", JSON.stringify(Array<number>(21).fill(0)), 413],
    ["with half of a surrogate pair", String.raw`"\ud83d"`, 400],
    ["with a name that occurs twice", '{"a":1,"a":1}', 400],
  ])("%s", async (_name, args, status) => {
    const { mutations } = (await read(text(args)))!;
    expect(mutations).toMatchObject([{ clientID: "c", id: 1, name: "create", refusal: { status } }]);
  });
});

test("other versions are told apart from malformed requests", async () => {
  expect(await read({ ...push, pushVersion: 0 })).toBeUndefined();
  expect(OTHER_PULL.safeParse({ ...pull, pullVersion: "2" }).success).toBe(true);
  expect(OTHER_PULL.safeParse({}).success).toBe(false);
});
