import { expect, test } from "bun:test";
import * as fc from "fast-check";
import type { RecordValues } from "@headwater/protocol";
import { updateCollection } from "../../collections/commands/update-collection.ts";
import { loadSchema } from "../../collections/model/registry.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { readHead } from "../../log/change-log.ts";
import type { Change } from "../../log/change.ts";
import { checkRule } from "../../rules/analysis/check-rule.ts";
import { NOW, RecordFixture } from "../../testing/record-fixture.ts";
import { Eraser } from "./eraser.ts";
import { readChangeRange, readChangesAfter } from "./read-changes.ts";

const FIELDS = [
  { name: "title", type: "text" },
  { name: "body", type: "text", max: 100_000 },
  { name: "count", type: "number" },
  { name: "done", type: "bool" },
  { name: "data", type: "json" },
  { name: "tags", type: "select", values: ["a", "b", "c"], maxSelect: 3 },
];
const open = (listRule = ""): Promise<RecordFixture> =>
  RecordFixture.open([{ name: "notes", type: "base", listRule, fields: FIELDS }]);

interface Write {
  readonly record: number;
  readonly action: "create" | "update" | "delete";
  readonly body: Readonly<Record<string, unknown>>;
}

const body = fc.record(
  {
    title: fc.constantFrom("", "x", "5", "null", '["a"]'),
    // Large beside the rest, so that most updates store only what changed.
    body: fc.constantFrom("a".repeat(5_000), "b".repeat(5_000)),
    count: fc.integer({ min: -3, max: 3 }),
    done: fc.boolean(),
    data: fc.constantFrom(null, "5", "text", 5, [1], { a: "1" }, "[1]"),
    tags: fc.subarray(["a", "b", "c"]),
  },
  { requiredKeys: [] },
);
const write: fc.Arbitrary<Write> = fc.record({
  record: fc.nat(2),
  action: fc.constantFrom("create", "update", "update", "update", "delete"),
  body,
});

const idOf = (record: number): string => `note0000000000${record}`;

/** Does the writes that are possible. @returns the changes as they were made */
async function play(fixture: RecordFixture, writes: readonly Write[]): Promise<Partial<Change>[]> {
  const states = new Map<string, RecordValues>();
  const changes: Partial<Change>[] = [];
  const as = fixture.superuser();
  for (const { record, action, body: sent } of writes) {
    const id = idOf(record);
    const before = states.get(id) ?? null;
    if ((before === null) !== (action === "create")) continue;
    if (action === "delete") await fixture.remove("notes", id, { as });
    else if (action === "create") await fixture.create("notes", { as, body: { ...sent, id } });
    else await fixture.update("notes", id, { as, body: sent });
    const after = action === "delete" ? null : await stored(fixture, id);
    changes.push({ action, before, after } as Partial<Change>);
    if (after) states.set(id, after);
    else states.delete(id);
  }
  return changes;
}

async function stored(fixture: RecordFixture, id: string): Promise<RecordValues> {
  const {
    collectionId: _,
    collectionName: __,
    ...values
  } = (await fixture.view("notes", id, { as: fixture.superuser() })).body;
  return values;
}

const readAll = (fixture: RecordFixture, schema: Schema, from: number, show: "all" | "present") =>
  fixture.store.read((reader) => readChangesAfter(reader, { stored: schema, show }, from, 1_000));

const sides = (changes: readonly Partial<Change>[]): unknown[] =>
  changes.map(({ action, before, after }) => ({ action, before, after }));

test("whatever is written, each change is read as it was made, from any place and in pages of any size", async () => {
  const fixture = await open();
  await fc.assert(
    fc.asyncProperty(fc.array(write, { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), async (writes, size) => {
      for (const record of [0, 1, 2]) await fixture.remove("notes", idOf(record), { as: fixture.superuser() });
      const schema = await loadSchema(fixture.store);
      const from = await readHead(fixture.store);
      const expected = sides(await play(fixture, writes));
      expect(sides(await readAll(fixture, schema, from, "all"))).toEqual(expected);
      const paged: Change[] = [];
      await fixture.store.read(async (reader) => {
        for (let after = from, read = size; read === size;) {
          const range = { after, upTo: Number.MAX_SAFE_INTEGER, limit: size };
          const page = await readChangeRange(reader, { stored: schema, show: "all" }, range);
          paged.push(...page);
          after = page.at(-1)?.seq ?? after;
          read = page.length;
        }
      });
      expect(sides(paged)).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test("an update of a number in a large record takes a few bytes", async () => {
  const fixture = await open();
  const as = fixture.superuser();
  const { id } = (await fixture.create("notes", { as, body: { body: "a".repeat(90_000) } })).body;
  for (let count = 1; count <= 50; count += 1) await fixture.update("notes", id, { as, body: { count } });
  const row = await fixture.store.first({
    text: "SELECT min(octet_length(before)) AS least, sum(octet_length(before)) AS total FROM _changes WHERE record = ?",
    values: [id],
  });
  expect(row?.["least"]).toBeLessThan(100);
  // One in 500 has the whole record.
  expect(row?.["total"]).toBeLessThan(50 * 90_000 * 0.2);
});

async function eraseAll(fixture: RecordFixture): Promise<void> {
  const schema = await loadSchema(fixture.store);
  const errors: unknown[] = [];
  const eraser = new Eraser({
    store: fixture.store,
    schema: () => schema,
    upTo: () => Number.MAX_SAFE_INTEGER,
    onError: (error) => errors.push(error),
  });
  await eraser.stop();
  expect(errors).toEqual([]);
}

const logText = async (fixture: RecordFixture): Promise<string> =>
  JSON.stringify(await fixture.store.all({ text: "SELECT * FROM _changes", values: [] }));

test("a deleted record is gone for who comes back, erased or not, and its delete has what rules read but no text", async () => {
  const fixture = await open("done = true && title != 'secret'");
  const as = fixture.superuser();
  const from = await readHead(fixture.store);
  const make = async (): Promise<string> => {
    const { id } = (await fixture.create("notes", { as, body: { title: "a secret", body: "hidden" } })).body;
    await fixture.update("notes", id, { as, body: { body: "still hidden", done: true } });
    return id;
  };
  const [gone, kept] = [await make(), await make()];
  await fixture.remove("notes", gone, { as });
  const schema = await loadSchema(fixture.store);
  const present = await readAll(fixture, schema, from, "present");
  const ofGone = present.filter(({ record }) => record === gone);
  expect(ofGone).toMatchObject([
    { action: "create", isErased: true, before: null, after: { id: gone, done: false } },
    { action: "update", isErased: true, before: { id: gone, done: false }, after: { id: gone, done: true } },
    { action: "delete", isErased: true, before: { id: gone, done: true }, after: null },
  ]);
  const names = ofGone.flatMap(({ before, after }) => [...Object.keys(before ?? {}), ...Object.keys(after ?? {})]);
  expect(new Set(names)).toEqual(new Set(["id", "done"]));
  const ofKept = present.filter(({ record }) => record === kept);
  expect(ofKept.map(({ after, isErased }) => [isErased, after?.["body"]])).toEqual([
    [undefined, "hidden"],
    [undefined, "still hidden"],
  ]);

  await eraseAll(fixture);
  expect(await readAll(fixture, schema, from, "present")).toEqual(present);
  expect(await readAll(fixture, schema, from, "all")).toEqual(present);
  await fixture.remove("notes", kept, { as });
  await eraseAll(fixture);
  expect(await logText(fixture)).not.toMatch(/a secret|hidden/);
});

test("a record that is deleted and created again has the changes of its new life", async () => {
  const fixture = await open();
  const as = fixture.superuser();
  const from = await readHead(fixture.store);
  const id = idOf(1);
  for (const title of ["first", "second"]) {
    await fixture.create("notes", { as, body: { id, title } });
    await fixture.update("notes", id, { as, body: { title: `${title}, changed` } });
    if (title === "first") await fixture.remove("notes", id, { as });
  }
  const schema = await loadSchema(fixture.store);
  for (let round = 0; round < 2; round += 1) {
    const changes = await readAll(fixture, schema, from, "present");
    expect(changes.map(({ action, after, isErased }) => [action, isErased, after?.["title"]])).toEqual([
      ["create", true, undefined],
      ["update", true, undefined],
      ["delete", true, undefined],
      ["create", undefined, "second"],
      ["update", undefined, "second, changed"],
    ]);
    await eraseAll(fixture);
  }
});

test("older changes have the fields of today: renamed, added, removed, of one value or several", async () => {
  const fixture = await open();
  const as = fixture.superuser();
  const from = await readHead(fixture.store);
  const { id } = (await fixture.create("notes", { as, body: { title: "a", tags: ["a", "b"], count: 1 } })).body;
  await fixture.update("notes", id, { as, body: { title: "b", tags: ["c"] } });
  const alter = async (change: (fields: readonly { name: string }[]) => readonly object[]): Promise<Schema> => {
    const schema = await loadSchema(fixture.store);
    const fields = change(fixture.collection("notes").fields);
    const context = { schema, checkRule, now: NOW };
    await fixture.store.write((tx) => updateCollection(tx, context, "notes", { fields }), { alone: true });
    // Reads the collections again.
    await fixture.setRule("notes", "listRule", "");
    return loadSchema(fixture.store);
  };
  const renamed = await alter((fields) =>
    fields.flatMap((field): object[] => {
      if (field.name === "title") return [{ ...field, name: "heading" }];
      if (field.name === "tags") return [{ ...field, maxSelect: 1 }];
      return field.name === "count" ? [] : [field];
    }),
  );
  const added = [
    { name: "size", type: "number" },
    { name: "open", type: "bool" },
    { name: "note", type: "text" },
    { name: "links", type: "select", values: ["x", "y"], maxSelect: 2 },
  ];
  const zeros = { size: 0, open: false, note: "", links: [] };
  const first = { id, body: "", done: false, data: null };
  const read = async (schema: Schema): Promise<Change[]> =>
    (await readAll(fixture, schema, from, "present")).filter(({ record }) => record === id);
  expect(sides(await read(renamed))).toEqual([
    { action: "create", before: null, after: { ...first, heading: "a", tags: "b" } },
    { action: "update", before: { ...first, heading: "a", tags: "b" }, after: { ...first, heading: "b", tags: "c" } },
  ]);
  const back = await alter((fields) => [
    ...fields.map((field) => (field.name === "tags" ? { ...field, maxSelect: 3 } : field)),
    ...added,
  ]);
  const widened = sides(await read(back)).map((side) => (side as { after: object }).after);
  expect(widened).toEqual([
    { ...first, ...zeros, heading: "a", tags: ["a", "b"] },
    { ...first, ...zeros, heading: "b", tags: ["c"] },
  ]);
});

test("the log holds no token key and no password hash, and still says when a token key changed", async () => {
  const fixture = await open();
  const as = fixture.superuser();
  const from = await readHead(fixture.store);
  const passwords = { password: "1234567890", passwordConfirm: "1234567890" };
  const { id } = (await fixture.create("users", { as, body: { email: "a@example.com", ...passwords } })).body;
  const keys: string[] = [];
  const remember = async (): Promise<void> => {
    const row = await fixture.row("users", id);
    keys.push(String(row?.["tokenKey"]), String(row?.["password"]));
  };
  await remember();
  for (const password of ["another password", "a third password"]) {
    await fixture.update("users", id, { as, body: { password, passwordConfirm: password } });
    await remember();
    await fixture.update("users", id, { as, body: { name: password } });
  }
  const schema = await loadSchema(fixture.store);
  const changes = await readAll(fixture, schema, from, "all");
  const isNewKey = changes.map(({ before, after }) => before?.["tokenKey"] !== after?.["tokenKey"]);
  expect(isNewKey).toEqual([true, true, false, true, false]);
  expect(changes.at(-1)?.after?.["tokenKey"]).toBe(keys.at(-2));
  expect(changes.flatMap(({ after }) => Object.keys(after ?? {}))).not.toContain("password");
  await fixture.remove("users", id, { as });
  const text = await logText(fixture);
  for (const key of keys) expect(text).not.toContain(key);
});
