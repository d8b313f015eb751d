import { expect, test } from "bun:test";
import { ANN, BOB, createPatch, id, operationsIn, SyncFixture } from "../testing/sync-fixture.ts";
import type { ClientGroup } from "./client-group.ts";
import { addMissedVersions } from "./missed-versions.ts";
import type { PatchLimits } from "./patch.ts";
import { syncedSet } from "./synced-collection.ts";

const fixture = await SyncFixture.open();
for (const name of ["a", "c", "e"]) await fixture.createNote(name, { owner: ANN });
await fixture.createNote("b", { owner: BOB });

/** Version 1 put a and b, version 2 put c and removed d, version 3 put e. */
async function openGroup(key: string): Promise<ClientGroup> {
  let group = await fixture.group(key);
  group = await fixture.setView(group, { version: 1 }, { put: ["a", "b"] });
  group = await fixture.setView(group, { version: 2 }, { put: ["c"], gone: ["d"] });
  return fixture.setView(group, { version: 3 }, { put: ["e"] });
}

async function missed(group: ClientGroup, known: number, limits: Partial<PatchLimits> = {}) {
  const patch = createPatch(limits);
  const result = await fixture.read((snapshot) =>
    addMissedVersions(snapshot, group, syncedSet(snapshot.context), { known, patch }),
  );
  return { ...result, operations: operationsIn(patch) };
}

test("a client gets the versions after its own", async () => {
  const group = await openGroup("after");
  expect(await missed(group, 1)).toEqual({ reached: 3, gone: new Map(), operations: ["put c", "put e", "del d"] });
  expect((await missed(group, 3)).operations).toEqual([]);
});

test("a client that starts over gets no deletes", async () => {
  const group = await openGroup("fresh");
  expect((await missed(group, 0)).operations.toSorted()).toEqual(["put a", "put c", "put e"]);
});

test("a record that is no longer visible is reported as gone, and not put", async () => {
  const group = await openGroup("hidden");
  const { gone, operations } = await missed(group, 0);
  expect(gone).toEqual(new Map([["notes", new Set([id("b")])]]));
  expect(operations).not.toContain("put b");
});

test("a full patch ends after a whole version", async () => {
  const group = await openGroup("full");
  const { reached, operations } = await missed(group, 1, { pageBytes: 1, missedRows: 1 });
  expect(reached).toBe(2);
  expect(operations).toEqual(["put c", "del d"]);
});

test("records of a collection that is no longer synced are deleted", async () => {
  const group = await openGroup("removed");
  const patch = createPatch();
  await fixture.read((snapshot) => {
    const set = { ...syncedSet(snapshot.context), collections: new Map() };
    return addMissedVersions(snapshot, group, set, { known: 2, patch });
  });
  expect(operationsIn(patch)).toEqual(["del e"]);
});

test("no more versions are read at once than the page has room for", async () => {
  const group = await openGroup("large");
  const { reached, operations } = await missed(group, 1, { pageBytes: 1 });
  expect(reached).toBe(2);
  expect(operations).toEqual(["put c", "del d"]);
});
