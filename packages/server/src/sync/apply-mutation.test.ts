import { expect, test } from "bun:test";
import { ApiError, badRequest, notFound } from "../lib/api-error.ts";
import { StoreError } from "../store/store.ts";
import { SyncFixture } from "../testing/sync-fixture.ts";
import { planMutation, refusalOf } from "./apply-mutation.ts";
import { Mutators, MutatorSet } from "./mutators.ts";

const fixture = await SyncFixture.open();
const NONE = new Mutators();

const plan = (name: string, args: unknown, mutators = NONE) =>
  planMutation({ clientID: "c", id: 1, name, args }, fixture.records.context(), mutators);

test("a refusal that no retry can change is final", () => {
  for (const error of [badRequest("no"), notFound("gone"), new ApiError(403, "no", {})]) {
    expect(refusalOf(error)).toBe(error);
  }
  expect(refusalOf(new StoreError("constraint", "unique"))).toMatchObject({ status: 400 });
});

test("an error that may pass, or that is the server's, keeps the mutation in the client's queue", () => {
  for (const error of [
    new ApiError(500, "broken", {}),
    new ApiError(429, "slow down", {}),
    new ApiError(408, "timeout", {}),
    badRequest("", {}, new StoreError("busy", "locked")),
    new StoreError("full", "disk"),
    new Error("a bug"),
  ]) {
    expect(refusalOf(error)).toBeUndefined();
  }
});

test("a mutator of the application takes precedence over the built-in one of its name", async () => {
  const [mutators, set, calls] = [new Mutators(), new MutatorSet(), [] as unknown[]];
  set.add("create", ({ args }) => void calls.push(args));
  mutators.replace([set]);
  const planned = plan("create", "anything", mutators);
  if (planned.kind !== "quick") throw new Error("a mutator needs no preparation");
  await fixture.store.write((tx) => planned.work.run(tx));
  expect(calls).toEqual(["anything"]);
});

test("only writes that hash a password need preparation", () => {
  const create = (collection: string, data: object) => plan("create", { collection, id: "x", data }).kind;
  expect(create("notes", { title: "a" })).toBe("quick");
  expect(create("people", { email: "c@example.com" })).toBe("quick");
  expect(create("people", { password: "secret" })).toBe("slow");
});

test("a mutation that can't be read fails in its turn", async () => {
  for (const [name, args, status] of [
    ["vote", {}, 400],
    ["create", { collection: "notes" }, 400],
    ["create", { collection: "missing", id: "x" }, 404],
  ] as const) {
    const planned = plan(name, args);
    if (planned.kind !== "quick") throw new Error("it has nothing to prepare");
    const done = fixture.store.write((tx) => planned.work.run(tx));
    expect(await done.catch((error: unknown) => error)).toMatchObject({ status });
  }
});
