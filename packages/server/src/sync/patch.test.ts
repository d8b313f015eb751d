import { expect, test } from "bun:test";
import { ANN, BOB, createPatch, id, notesIn, operationsIn, SyncFixture } from "../testing/sync-fixture.ts";
import { putVisible } from "./patch.ts";
import { visibleIdsAfter, visibleIdsAmong } from "./visible-ids.ts";

const fixture = await SyncFixture.open();
await fixture.createNote("a", { owner: ANN });
await fixture.createNote("b", { owner: BOB });
await fixture.createNote("c", { title: "public" });
const NAMES = ["c", "b", "a", "missing"].map(id);

test("a patch is full when its operations reach the page size", () => {
  const patch = createPatch({ pageBytes: 40 });
  patch.add({ op: "clear" });
  expect([patch.isFull, patch.bytes]).toEqual([false, '{"op":"clear"}'.length]);
  patch.add({ op: "del", key: "notes/abcdefgh" });
  expect(patch.isFull).toBe(true);
});

test("only records that the requester may list are put, as a list returns them", async () => {
  const patch = createPatch();
  const put = await fixture.read((snapshot) => putVisible(snapshot, notesIn(snapshot), NAMES, patch));
  expect([...put].toSorted()).toEqual([id("a"), id("c")]);
  expect(operationsIn(patch).toSorted()).toEqual(["put a", "put c"]);
  const puts = patch.operations.map((text) => JSON.parse(text) as { readonly value: object });
  expect(puts.map(({ value }) => value)).toContainEqual(expect.objectContaining({ collectionName: "notes" }));
});

test("visible ids are read in order, from an id on or among given ones", async () => {
  const after = (start: string, limit: number) =>
    fixture.read((snapshot) => visibleIdsAfter(snapshot, notesIn(snapshot), start, limit));
  expect(await after("", 10)).toEqual([id("a"), id("c")]);
  expect(await after("", 1)).toEqual([id("a")]);
  expect(await after(id("a"), 10)).toEqual([id("c")]);
  const among = await fixture.read((snapshot) => visibleIdsAmong(snapshot, notesIn(snapshot), NAMES));
  expect(among).toEqual(new Set([id("a"), id("c")]));
});
