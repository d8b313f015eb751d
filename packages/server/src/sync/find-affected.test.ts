import { expect, test } from "bun:test";
import { authCollection } from "../testing/auth-collection.ts";
import { PASSWORD, RecordFixture } from "../testing/record-fixture.ts";
import type { Change } from "../log/change.ts";
import { findAffected, type AffectedIds } from "./find-affected.ts";
import { syncedSet } from "./synced-collection.ts";

const fixture = await RecordFixture.open([
  authCollection("people", { fields: [{ name: "team", type: "text" }], indexes: [], passwordAuth: { enabled: false } }),
  {
    name: "projects",
    type: "base",
    fields: [
      { name: "open", type: "bool" },
      { name: "title", type: "text" },
    ],
  },
  {
    name: "notes",
    type: "base",
    fields: [{ name: "project", type: "relation", collectionId: "projects", maxSelect: 1 }],
    listRule: "project.open = true || @request.auth.team = 'admins'",
  },
  {
    name: "tasks",
    type: "base",
    fields: [{ name: "title", type: "text" }],
    listRule: "@collection.projects.open ?= true",
  },
]);
const root = fixture.superuser();
const id = (start: string): string => start.padEnd(15, "0");
const create = async (collection: string, name: string, values: object = {}): Promise<void> => {
  const { status, body } = await fixture.create(collection, { as: root, body: { ...values, id: id(name) } });
  if (status !== 200) throw new Error(JSON.stringify(body));
};
const password = { password: PASSWORD, passwordConfirm: PASSWORD };
await create("people", "ann", { email: "ann@example.com", team: "users", ...password });
for (const name of ["p1", "p2"]) await create("projects", name);
for (const [name, project] of [
  ["a", "p1"],
  ["b", "p1"],
  ["c", "p2"],
] as const) {
  await create("notes", name, { project: id(project) });
}

async function affectedBy(collection: string, changes: readonly Change[]): Promise<AffectedIds> {
  const as = await fixture.principal("people", id("ann"));
  const context = fixture.context({ as });
  const synced = syncedSet(context).collections.get(collection)!;
  return fixture.store.read((reader) => findAffected({ reader, context }, synced, synced.listAnalysis, changes));
}

const changesOf = (collection: string, name: string, values: object): Promise<Change[]> =>
  fixture.changesOf(() => fixture.update(collection, id(name), { as: root, body: { ...values } }));

test("a change of a related record affects the records that relate to it", async () => {
  expect(await affectedBy("notes", await changesOf("projects", "p1", { open: true }))).toEqual(
    new Set([id("a"), id("b")]),
  );
});

test("a change of a field that no rule reads affects nothing", async () => {
  expect(await affectedBy("notes", await changesOf("projects", "p1", { title: "new" }))).toEqual(new Set());
});

test("a change of a record that the rule reads by @collection affects any record", async () => {
  expect(await affectedBy("tasks", await changesOf("projects", "p2", { open: true }))).toBe("any");
});

test("a change of the requester's account affects any record, if the rule reads the field", async () => {
  expect(await affectedBy("notes", await changesOf("people", "ann", { team: "admins" }))).toBe("any");
  expect(await affectedBy("notes", await changesOf("people", "ann", { verified: true }))).toEqual(new Set());
});

test("more changes than can be traced affect any record", async () => {
  const changes: Change[] = [];
  for (let i = 0; i < 22; i += 1) changes.push(...(await changesOf("projects", "p1", { open: i % 2 === 0 })));
  expect(await affectedBy("notes", changes.slice(1, 21))).toEqual(new Set([id("a"), id("b")]));
  expect(await affectedBy("notes", changes.slice(1))).toBe("any");
});
