import { expect, test } from "bun:test";
import { readHead, readTrimmedTo } from "../log/change-log.ts";
import { ANN, BOB, createPatch, id, operationsIn, SyncFixture } from "../testing/sync-fixture.ts";
import type { LogBounds } from "../log/cursor-problem.ts";
import type { ClientGroup, ViewState } from "./client-group.ts";
import type { PatchLimits } from "./patch.ts";
import { syncedSet } from "./synced-collection.ts";
import { ViewUpdater } from "./view-updater.ts";

const fixture = await SyncFixture.open();
await fixture.createNote("a", { owner: ANN });
await fixture.createNote("b", { owner: BOB });

let groups = 0;
/** A group whose view has these records and is up to date with the log. */
async function currentGroup(put: readonly string[] = ["a"], state: Partial<ViewState> = {}): Promise<ClientGroup> {
  const fingerprints = await fixture.read(async ({ context }) => syncedSet(context).fingerprints);
  const seq = await readHead(fixture.store);
  const group = await fixture.group(`g${(groups += 1)}`);
  return fixture.setView(group, { epoch: "e", seq, version: 1, fingerprints, ...state }, { put });
}

async function update(group: ClientGroup, limits: Partial<PatchLimits> = {}, log: Partial<LogBounds> = {}) {
  const patch = createPatch(limits);
  const progress = await fixture.read(async (snapshot) => {
    const { reader, context } = snapshot;
    const bounds = { epoch: "e", head: await readHead(reader), trimmedTo: await readTrimmedTo(reader), ...log };
    return new ViewUpdater(snapshot, { group, set: syncedSet(context), patch }).run(bounds);
  });
  return { ...progress, operations: operationsIn(patch).filter((operation) => !operation.includes("people/")) };
}

test("without changes nothing is sent", async () => {
  const group = await currentGroup();
  expect(await update(group)).toMatchObject({ operations: [], scans: {}, seq: await readHead(fixture.store) });
});

test("changed records are put if they are visible, and deleted if the view has them and they are not", async () => {
  const group = await currentGroup(["a", "b"]);
  await fixture.write("update", "notes", id("a"), { title: "new" });
  await fixture.write("update", "notes", id("b"), { title: "new" });
  await fixture.createNote("c", { owner: BOB });
  await fixture.createNote("d", { owner: ANN });
  const { operations, put, gone } = await update(group);
  expect(operations).toEqual(["put a", "put d", "del b"]);
  expect(put).toEqual(new Map([["notes", new Set([id("a"), id("d")])]]));
  expect(gone).toEqual(new Map([["notes", new Set([id("b")])]]));
});

test("a record that the view never had is not deleted", async () => {
  const group = await currentGroup(["a", "d"]);
  await fixture.write("delete", "notes", id("c"));
  await fixture.write("delete", "notes", id("d"));
  expect((await update(group)).operations).toEqual(["del d"]);
});

test.each([
  ["another epoch", { epoch: "other" }, {}],
  ["a seq that was trimmed from the log", {}, { trimmedTo: 1_000_000, head: 1_000_001 }],
  ["a seq after the head of the log", { seq: 1_000_000 }, {}],
])(
  "a view with %s compares all collections and sends every record again",
  async (_, state, log: Partial<LogBounds>) => {
    const group = await currentGroup(["a", "gone"], state);
    const { operations, seq } = await update(group, {}, log);
    expect(operations).toEqual(["put a", "del gone"]);
    expect(seq).toBe(log.head ?? (await readHead(fixture.store)));
  },
);

test("a full patch keeps its scans for the next pull", async () => {
  const group = await currentGroup([], { epoch: "other" });
  const { scans } = await update(group, { pageBytes: 1, firstPuts: 1 });
  expect(Object.keys(scans).length).toBeGreaterThan(0);
});

test("a full patch stops in the log, and has no more large records than it has room for", async () => {
  const group = await currentGroup();
  for (const name of ["e", "f", "g"]) await fixture.createNote(name, { owner: ANN });
  const { operations, seq } = await update(group, { pageBytes: 1, logSpan: 2 });
  expect(operations).toEqual(["put e"]);
  expect(seq).toBe((await readHead(fixture.store)) - 2);
  for (const name of ["e", "f", "g"]) await fixture.write("delete", "notes", id(name));
});

test("a rule that changed compares the collection, and unchanged records are not sent again", async () => {
  const group = await currentGroup(["a"]);
  await fixture.records.setRule("notes", "listRule", "");
  expect((await update(group)).operations).toEqual(["put b"]);
  await fixture.records.setRule("notes", "listRule", "owner = @request.auth.id || title = 'public'");
});

test("new fields send every record again", async () => {
  const group = await currentGroup(["a"]);
  await fixture.records.addFields("notes", [{ name: "extra", type: "number" }]);
  expect((await update(group)).operations).toEqual(["put a"]);
});

test("records of a collection that is no longer synced are deleted", async () => {
  const group = await currentGroup(["a"]);
  await fixture.store.write((tx) =>
    tx.run({ text: "UPDATE _collections SET listRule = NULL WHERE name = 'notes'", values: [] }),
  );
  await fixture.records.setRule("people", "listRule", "");
  expect((await update(group)).operations).toEqual(["del a"]);
});
