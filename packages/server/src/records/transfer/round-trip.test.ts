import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { type Row, sql } from "../../store/sql.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { exportText as exportFrom, type ImportCase, importText as importInto } from "../../testing/transfer.ts";
import { TRANSFER_FORMATS, type TransferFormat } from "./transfer-format.ts";

setDefaultTimeout(60_000);

const fields = (to: string): readonly object[] => [
  { type: "text", name: "title" },
  { type: "editor", name: "body" },
  { type: "number", name: "n" },
  { type: "bool", name: "flag" },
  { type: "date", name: "due" },
  { type: "select", name: "one", values: ["a", "b,c", '"'] },
  { type: "select", name: "many", values: ["a", "b,c", '"'], maxSelect: 3 },
  { type: "relation", name: "parent", collectionId: to, maxSelect: 1 },
  { type: "relation", name: "friends", collectionId: to, maxSelect: 9 },
  { type: "json", name: "meta" },
  { type: "geoPoint", name: "place" },
  { type: "email", name: "mail" },
  { type: "text", name: "secret", hidden: true },
  { type: "autodate", name: "created", onCreate: true },
  { type: "autodate", name: "updated", onCreate: true, onUpdate: true },
];
const fixture = await RecordFixture.open([
  { name: "others", fields: [{ type: "text", name: "name" }] },
  { name: "source", fields: fields("others") },
  { name: "copy", fields: fields("others") },
]);
const root = fixture.superuser();
const others: string[] = [];
for (const name of ["x", "y", "z"]) others.push((await fixture.create("others", { as: root, body: { name } })).body.id);

const importText = (name: string, text: string | Uint8Array, options?: ImportCase) =>
  importInto(fixture, name, text, options);
const exportText = (name: string, format: TransferFormat, more?: object) => exportFrom(fixture, name, format, more);

const rowsOf = (name: string): Promise<Row[]> => fixture.store.all(sql`SELECT * FROM ${sql.id(name)} ORDER BY id`);
const empty = (name: string): Promise<number> => fixture.store.write((tx) => tx.run(sql`DELETE FROM ${sql.id(name)}`));

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.string({
    unit: fc.constantFrom("'", "=", "+", "-", "@", '"', ",", ";", "\n", "\r", "\t", " ", "\u{feff}", "[", "a", "1"),
    maxLength: 8,
  }),
);
const record = fc.record({
  title: text,
  body: text,
  n: fc.oneof(
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0)),
  ),
  flag: fc.boolean(),
  due: fc.constantFrom("", "2026-01-31 12:00:00.000Z", "0999-12-31 23:59:59.999Z"),
  one: fc.constantFrom("", "a", "b,c", '"'),
  many: fc.subarray(["a", "b,c", '"']),
  parent: fc.constantFrom("", ...others),
  friends: fc.subarray(others),
  meta: fc
    .oneof(fc.jsonValue({ stringUnit: "grapheme", maxDepth: 2 }), text)
    .filter((value) => !JSON.stringify(value).includes("-0")),
  place: fc.record({ lon: fc.integer({ min: -180, max: 180 }), lat: fc.integer({ min: -90, max: 90 }) }),
  mail: fc.constantFrom("", "a@example.com"),
  secret: text,
});

test("what is exported can be imported: the same records, in each format, in one transaction or many", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { maxLength: 6 }),
      fc.constantFrom(...TRANSFER_FORMATS),
      fc.record({
        atomic: fc.boolean(),
        raw: fc.boolean(),
        delimiter: fc.constantFrom(",", ";", "\t"),
        chunk: fc.integer({ min: 1, max: 900 }),
      }),
      async (records, format, options) => {
        await empty("source");
        await empty("copy");
        for (const values of records) {
          // As text, so that a json field has exactly this value.
          const body = { ...values, meta: JSON.stringify(values.meta) };
          expect((await fixture.create("source", { as: root, body })).status).toBe(200);
        }
        const file = await exportText("source", format, options);
        const report = await importText("copy", file, { format, ...options });
        expect({ file, errors: report.errors }).toEqual({ file, errors: [] });
        expect(report).toMatchObject({ rows: records.length, created: records.length, refused: 0 });
        expect(await rowsOf("copy")).toEqual(await rowsOf("source"));
        // Once more, onto itself.
        const again = await importText("copy", file, { format, ...options, upsert: true });
        expect(again).toMatchObject({ created: 0, updated: records.length, errors: [] });
        expect(await rowsOf("copy")).toEqual(await rowsOf("source"));
      },
    ),
    { numRuns: 60 },
  );
});

test("no text of an export starts a formula, unless it is asked for raw", async () => {
  await empty("source");
  for (const title of ["=1+1", "+1", "-1", "@x", "\tx", "＝1", "'=1", "plain", "'quoted'"]) {
    await fixture.create("source", { as: root, body: { title, n: -1 } });
  }
  const more = { fields: ["title", "n"] };
  expect((await exportText("source", "csv", more)).split("\n")).toEqual([
    "title,n",
    "'=1+1,-1",
    "'+1,-1",
    "'-1,-1",
    "'@x,-1",
    "'\tx,-1",
    "'＝1,-1",
    "''=1,-1",
    "plain,-1",
    "'quoted',-1",
    "",
  ]);
  expect(await exportText("source", "csv", { ...more, raw: true })).toContain("\n=1+1,-1\n");
});
