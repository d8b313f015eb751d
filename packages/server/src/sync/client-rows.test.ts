import { expect, test } from "bun:test";
import { NOW } from "../testing/record-fixture.ts";
import { SyncFixture } from "../testing/sync-fixture.ts";
import { findGroup } from "./client-group.ts";
import { findLastMutation, forgetClients, hasForgotten, mutationsSince, saveLastMutations } from "./client-rows.ts";

const fixture = await SyncFixture.open();
const { store } = fixture;

const save = async (key: string, mutations: Readonly<Record<string, number>>, now = NOW): Promise<void> => {
  const group = await fixture.group(key);
  await store.write((tx) => saveLastMutations(tx, group, new Map(Object.entries(mutations)), now));
};

test("the last mutation of each client is saved, and each save counts as one push", async () => {
  await save("one", { a: 1, b: 2 });
  await save("one", { a: 3 });
  const group = (await findGroup(store, "one"))!;
  expect(group.pushes).toBe(2);
  expect(await findLastMutation(store, group, "a")).toBe(3);
  expect(await findLastMutation(store, group, "b")).toBe(2);
  expect(await findLastMutation(store, group, "c")).toBeUndefined();
});

test("a save without mutations counts no push", async () => {
  await save("empty", {});
  expect((await findGroup(store, "empty"))?.pushes).toBe(0);
});

test("a client gets the mutations of the pushes it has not seen", async () => {
  await save("since", { d: 1, e: 1 });
  await save("since", { d: 2 });
  const group = (await findGroup(store, "since"))!;
  expect(await mutationsSince(store, group, 0)).toEqual({ d: 2, e: 1 });
  expect(await mutationsSince(store, group, 1)).toEqual({ d: 2 });
  expect(await mutationsSince(store, group, 2)).toEqual({});
});

test("a client of another group is refused", async () => {
  await save("first", { f: 1 });
  const other = await fixture.group("second");
  const found = findLastMutation(store, other, "f");
  expect(await found.catch((error: unknown) => error)).toMatchObject({ status: 403 });
});

test("silent clients are forgotten, and the database remembers that some were", async () => {
  const old = new Date(NOW.getTime() - 1_000);
  await save("old", { g: 1 }, old);
  await save("new", { h: 1 });
  expect(await store.write((tx) => forgetClients(tx, old.getTime()))).toBe(0);
  expect(await hasForgotten(store)).toBe(false);
  expect(await store.write((tx) => forgetClients(tx, NOW.getTime()))).toBe(1);
  expect(await hasForgotten(store)).toBe(true);
  expect(await findLastMutation(store, await fixture.group("old"), "g")).toBeUndefined();
  expect(await findLastMutation(store, await fixture.group("new"), "h")).toBe(1);
});
