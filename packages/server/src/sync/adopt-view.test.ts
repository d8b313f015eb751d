import { expect, test } from "bun:test";
import type { SyncCookie } from "@headwater/protocol";
import { NOW } from "../testing/record-fixture.ts";
import { ANN, BOB, id, SyncFixture } from "../testing/sync-fixture.ts";
import { adoptView } from "./adopt-view.ts";
import { findGroup, NO_VIEW, saveFloor } from "./client-group.ts";
import { viewRecordsAfter } from "./view-rows.ts";

const fixture = await SyncFixture.open();
const { store } = fixture;
const source = await fixture.setView(
  await fixture.group("source"),
  { generation: "old", version: 4, seq: 9, epoch: "e" },
  { put: ["a"], gone: ["b"] },
);
await store.write((tx) => saveFloor(tx, source.id, 2));
const COOKIE: SyncCookie = { order: 4, group: "source", life: "old", version: 4, pushes: 0 };

async function adopt(key: string, cookie: SyncCookie | undefined, owner = ANN) {
  await store.write((tx) => adoptView(tx, { key, owner, now: NOW }, cookie));
  const group = (await findGroup(store, key))!;
  const rows = await viewRecordsAfter(store, { group: group.id, name: "notes", after: "", limit: -1 });
  return { view: group.view, records: [...rows.keys()] };
}

test("a new group gets a copy of the view that its cookie is of", async () => {
  const { view, records } = await adopt("copy", COOKIE);
  expect(view).toMatchObject({
    parentGeneration: "old",
    copiedVersion: 4,
    version: 4,
    seq: 9,
    epoch: "e",
    floor: 2,
  });
  expect(view.generation).not.toBe("old");
  expect(records).toEqual([id("a")]);
});

test.each([
  ["no cookie", undefined, ANN],
  ["a cookie of another user's group", COOKIE, BOB],
  ["a cookie of another generation", { ...COOKIE, life: "older" }, ANN],
  ["a cookie of an unknown group", { ...COOKIE, group: "unknown" }, ANN],
])("a new group with %s starts empty", async (name, cookie, owner) => {
  expect(await adopt(`empty: ${name}`, cookie, owner)).toEqual({ view: NO_VIEW, records: [] });
});

test("a group that already has a view keeps it", async () => {
  await fixture.setView(await fixture.group("own"), { generation: "own", version: 1 }, { put: ["z"] });
  expect(await adopt("own", COOKIE)).toMatchObject({ view: { generation: "own", version: 1 }, records: [id("z")] });
});
