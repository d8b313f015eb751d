import { expect, test } from "bun:test";
import { ANN, BOB, createPatch, id, notesIn, operationsIn, SyncFixture } from "../testing/sync-fixture.ts";
import type { Scan } from "./client-group.ts";
import type { PatchLimits } from "./patch.ts";
import { runScanStep } from "./scan-step.ts";

const fixture = await SyncFixture.open();
for (const name of ["a", "c", "e", "g"]) await fixture.createNote(name, { owner: ANN });
await fixture.createNote("b", { owner: BOB });
const START: Scan = { after: "", since: 0 };

let groups = 0;
const groupWith = async (...names: readonly string[]): Promise<number> =>
  (await fixture.setView(await fixture.group(`g${(groups += 1)}`), { version: 3 }, { put: names })).id;

async function step(group: number, scan: Scan, limits: Partial<PatchLimits> = {}, isPut: readonly string[] = []) {
  const patch = createPatch(limits);
  const result = await fixture.read((snapshot) =>
    runScanStep(snapshot, {
      group,
      synced: notesIn(snapshot),
      scan,
      patch,
      isPut: (record) => isPut.map(id).includes(record),
    }),
  );
  return { ...result, operations: operationsIn(patch) };
}

test("records that the group lacks are put, records that are no longer visible are gone", async () => {
  const { rest, operations, gone } = await step(await groupWith("a", "b", "x"), START);
  expect(operations).toEqual(["put c", "put e", "put g"]);
  expect(gone).toEqual([id("b"), id("x")]);
  expect(rest).toBeUndefined();
});

test("records from before `since` are put again", async () => {
  const group = await groupWith("a", "c");
  expect((await step(group, { after: "", since: 3 })).operations).toEqual(["put e", "put g"]);
  expect((await step(group, { after: "", since: 4 })).operations).toEqual(["put a", "put c", "put e", "put g"]);
});

test("records that the patch already has are not put twice", async () => {
  expect((await step(await groupWith(), START, {}, ["c"])).operations).toEqual(["put a", "put e", "put g"]);
});

test("a step ends where the shorter of the two lists ends", async () => {
  const { rest, operations, gone } = await step(await groupWith("a", "b", "x"), START, { scanStep: 2 });
  expect(operations).toEqual([]);
  expect(gone).toEqual([id("b")]);
  expect(rest).toEqual({ after: id("b"), since: 0 });
});

test("a step ends where the page has no more room, and the next one continues there", async () => {
  const group = await groupWith();
  const first = await step(group, START, { firstPuts: 2 });
  expect(first.operations).toEqual(["put a", "put c"]);
  expect(first.rest).toEqual({ after: id("c"), since: 0 });
  expect((await step(group, first.rest!)).operations).toEqual(["put e", "put g"]);
});

test("a step puts no more large records than the page has room for", async () => {
  const first = await step(await groupWith(), START, { pageBytes: 1 });
  expect(first.operations).toEqual(["put a"]);
  expect(first.rest).toEqual({ after: id("a"), since: 0 });
});
