import { expect, test } from "bun:test";
import { openFolder } from "../app/folder.ts";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { afterAll } from "bun:test";
import {
  claimTask,
  deleteExpired,
  endTask,
  findByKey,
  findTask,
  insertTask,
  listTasks,
  type NewTask,
  openTasks,
  requeueTask,
} from "./task-table.ts";
import type { Outcome } from "./task.ts";

const folder = await openFolder(testDir());
afterAll(() => folder.close());
const { store } = folder;
const COMPLETED: Outcome = { state: "completed", output: { rows: 1 } };

const insert = (id: string, more: Partial<NewTask> = {}): Promise<number> =>
  store.write((tx) =>
    insertTask(tx, { id, name: "a", owner: "", input: { x: 1 }, created: 1, due: 1, key: undefined, ...more }),
  );
const end = (id: string, expires = 1_000, lastEvent = 0): Promise<number> =>
  store.write((tx) => endTask(tx, id, COMPLETED, { now: 9, expires, lastEvent }));

test("a task is queued, claimed, requeued and ended", async () => {
  await insert("life");
  expect(await findTask(store, "life")).toMatchObject({ state: "queued", attempt: 0, input: { x: 1 }, started: null });
  expect(await store.write((tx) => claimTask(tx, "life", 5))).toMatchObject({
    state: "running",
    attempt: 1,
    started: 5,
  });
  expect(await store.write((tx) => claimTask(tx, "life", 6))).toBeUndefined();
  await store.write((tx) => requeueTask(tx, "life", 0, 7));
  expect(await store.write((tx) => claimTask(tx, "life", 8))).toMatchObject({ attempt: 1, started: 5 });
  expect(await end("life")).toBe(1);
  expect(await findTask(store, "life")).toMatchObject({ state: "completed", output: { rows: 1 }, ended: 9 });
});

test("a task that has ended stays as it is", async () => {
  await insert("ended");
  await end("ended");
  expect(await end("ended")).toBe(0);
  expect(await store.write((tx) => requeueTask(tx, "ended", 0, 7))).toBe(0);
  expect(await store.write((tx) => claimTask(tx, "ended", 8))).toBeUndefined();
});

test("an idempotency key finds the task of its name and owner only", async () => {
  await insert("keyed", { key: "k", owner: "ann" });
  expect((await findByKey(store, "a", "ann", "k"))?.id).toBe("keyed");
  expect(await findByKey(store, "a", "", "k")).toBeUndefined();
  expect(await findByKey(store, "b", "ann", "k")).toBeUndefined();
});

test("open tasks are the queued and running ones, oldest first", async () => {
  await insert("second", { created: 200 });
  await insert("first", { created: 100 });
  await insert("over", { created: 150 });
  await end("over");
  await store.write((tx) => claimTask(tx, "second", 5));
  const open = (await openTasks(store)).filter(({ id }) => ["first", "second", "over"].includes(id));
  expect(open.map(({ id, state }) => [id, state])).toEqual([
    ["first", "queued"],
    ["second", "running"],
  ]);
});

test("a list is filtered by name and state, newest first, in pages", async () => {
  for (const i of [1, 2, 3]) await insert(`listed${i}`, { name: "listed", created: 1_000 + i });
  await end("listed1");
  const first = await listTasks(store, { name: "listed" }, { page: 1, perPage: 2 });
  expect([first.totalItems, ...first.items.map(({ id }) => id)]).toEqual([3, "listed3", "listed2"]);
  const ended = await listTasks(store, { name: "listed", state: "completed" }, { page: 1, perPage: 2 });
  expect(ended.items.map(({ id }) => id)).toEqual(["listed1"]);
});

test("expired tasks are deleted once their histories are saved, as many at a time as allowed", async () => {
  for (const id of ["old1", "old2", "unsaved", "young"]) await insert(id);
  for (const id of ["old1", "old2"]) await end(id, 10);
  await end("unsaved", 10, 3);
  await end("young", 12);
  expect(await store.write((tx) => deleteExpired(tx, 11, 1))).toBe(1);
  expect(await store.write((tx) => deleteExpired(tx, 11, 9))).toBe(1);
  const left = await Promise.all(["old1", "old2", "unsaved", "young"].map((id) => findTask(store, id)));
  expect(left.map((task) => task?.id)).toEqual([undefined, undefined, "unsaved", "young"]);
});
