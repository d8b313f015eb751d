import { expect, test } from "bun:test";
import { NOW } from "../testing/record-fixture.ts";
import { ANN, BOB, SyncFixture } from "../testing/sync-fixture.ts";
import {
  assertOwned,
  claimGroup,
  findGroup,
  findGroupWithHead,
  isOverdue,
  NO_VIEW,
  saveFloor,
  saveView,
  touchGroup,
} from "./client-group.ts";
import { readHead } from "../log/change-log.ts";

const fixture = await SyncFixture.open();
const { store } = fixture;
const DAY_MS = 86_400_000;

test("a claim creates a group once and returns it after that", async () => {
  const first = await fixture.group("claimed");
  expect(first).toMatchObject({ key: "claimed", owner: ANN, pushes: 0, seen: NOW.getTime(), view: NO_VIEW });
  expect(await fixture.group("claimed")).toEqual(first);
});

test("a group of another user is refused", async () => {
  const group = await fixture.group("private");
  expect(() => assertOwned(group, BOB)).toThrow("belongs to another user");
  const claim = store.write((tx) => claimGroup(tx, { key: "private", owner: BOB, now: NOW }));
  expect(await claim.catch((error: unknown) => error)).toMatchObject({ status: 403 });
});

test("a saved view is read back, and saving it keeps the floor", async () => {
  const { id } = await fixture.group("saved");
  const view = {
    generation: "g",
    parentGeneration: "p",
    copiedVersion: 2,
    epoch: "e",
    seq: 3,
    version: 4,
    floor: 99,
    orderOffset: 5,
    scans: { notes: { after: "a", since: 1 } },
    fingerprints: '{"notes":{}}',
  };
  await store.write(async (tx) => {
    await saveFloor(tx, id, 1);
    await saveView(tx, id, view);
  });
  expect((await findGroup(store, "saved"))?.view).toEqual({ ...view, floor: 1 });
});

test("a group is read together with the newest seq of the log", async () => {
  const group = await fixture.group("headed");
  expect(await findGroupWithHead(store, "headed")).toEqual({ group, head: await readHead(store) });
  expect(await findGroupWithHead(store, "missing")).toBeUndefined();
});

test("a group is overdue a day after its last request", async () => {
  const group = await fixture.group("touched");
  const [dayLater, later] = [DAY_MS, DAY_MS + 1].map((passed) => new Date(NOW.getTime() + passed)) as [Date, Date];
  expect(isOverdue(group, dayLater)).toBe(false);
  expect(isOverdue(group, later)).toBe(true);
  await store.write((tx) => touchGroup(tx, group, later));
  expect(isOverdue((await findGroup(store, "touched"))!, later)).toBe(false);
});
