import { expect, test } from "bun:test";
import { OTHER_VERSION, PULL, PUSH } from "./requests.ts";

const mutation = { clientID: "c", id: 1, name: "create", args: { a: 1 } };
const push = { pushVersion: 1, clientGroupID: "g", mutations: [mutation] };
const pull = { pullVersion: 1, clientGroupID: "g", cookie: null };

test("requests of version 1 are read, without the fields that the server does not use", () => {
  expect(PUSH.parse({ ...push, schemaVersion: "2" })).toEqual(push as never);
  expect(PULL.parse({ ...pull, profileID: "p" })).toEqual(pull as never);
});

test.each([
  ["mutation ids that start at 0", { ...push, mutations: [{ ...mutation, id: 0 }] }],
  ["mutation ids that are not integers", { ...push, mutations: [{ ...mutation, id: 1.5 }] }],
  ["an empty client id", { ...push, mutations: [{ ...mutation, clientID: "" }] }],
  ["a group id that is too long", { ...push, clientGroupID: "g".repeat(201) }],
])("a push with %s is malformed", (_, body) => {
  expect(PUSH.safeParse(body).success).toBe(false);
});

test("other versions are told apart from malformed requests", () => {
  expect(OTHER_VERSION.safeParse({ ...push, pushVersion: 0 }).success).toBe(true);
  expect(OTHER_VERSION.safeParse({ ...pull, pullVersion: "2" }).success).toBe(true);
  expect(OTHER_VERSION.safeParse({ ...push, mutations: "none" }).success).toBe(false);
  expect(OTHER_VERSION.safeParse({}).success).toBe(false);
});
