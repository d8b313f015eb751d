import { expect, setDefaultTimeout, test } from "bun:test";
import { type Row, sql } from "../../store/sql.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { exportText as exportFrom, type ImportCase, importText as importInto } from "../../testing/transfer.ts";
import { TRANSFER_FORMATS, type TransferFormat } from "./transfer-format.ts";

setDefaultTimeout(60_000);

const fixture = await RecordFixture.open([
  { name: "others", fields: [{ type: "text", name: "name" }] },
  {
    name: "items",
    fields: [
      { type: "text", name: "title", required: true, max: 20 },
      { type: "number", name: "n" },
      { type: "relation", name: "parent", collectionId: "others", maxSelect: 1 },
    ],
    indexes: ["CREATE UNIQUE INDEX `by_title` ON `items` (`title`)"],
  },
  { name: "accounts", type: "auth", fields: [{ type: "text", name: "name" }] },
  { name: "titles", type: "view", viewQuery: "SELECT id, title FROM items" },
]);
const root = fixture.superuser();
const { id: other } = (await fixture.create("others", { as: root, body: { name: "x" } })).body;

const importText = (name: string, text: string | Uint8Array, options?: ImportCase) =>
  importInto(fixture, name, text, options);
const exportText = (name: string, format: TransferFormat, more?: object) => exportFrom(fixture, name, format, more);

const rowsOf = (name: string): Promise<Row[]> => fixture.store.all(sql`SELECT * FROM ${sql.id(name)} ORDER BY id`);
const empty = (name: string): Promise<number> => fixture.store.write((tx) => tx.run(sql`DELETE FROM ${sql.id(name)}`));
const titles = async (): Promise<string[]> => (await rowsOf("items")).map(({ title }) => String(title)).toSorted();

test("lines end as they like, a mark comes before UTF-8, and quotes hold line breaks", async () => {
  await empty("items");
  const file = '\u{feff}title,n\r\n"first\nline",1\r\n\r\nsecond,\r\n"th""ird",3';
  expect(await importText("items", file, { chunk: 1 })).toMatchObject({ rows: 3, created: 3, refused: 0 });
  expect(await titles()).toEqual(["first\nline", "second", 'th"ird'].toSorted());
});

test("each refused row is named by its line and its reason", async () => {
  await empty("items");
  const file = `title,n,parent\n"a\nb",1,\n,2,\nb,many,\nc,3\nd,4,nobody\na,5,\na,6,\n${"x".repeat(21)},7,\ne,8,${other}\n`;
  const report = await importText("items", file, { continueOnError: true });
  expect(report.errors.map(({ line, message, data }) => [line, message, Object.keys(data)])).toEqual([
    [4, "Failed to create record.", ["title"]],
    [5, "Its values can't be read.", ["n"]],
    [6, "It has 2 values, and the first line has 3 names.", []],
    [7, "Failed to create record.", ["parent"]],
    [9, "Failed to create record.", ["title"]],
    [10, "Failed to create record.", ["title"]],
  ]);
  expect(report).toMatchObject({ rows: 9, created: 3, refused: 6 });
  expect(await titles()).toEqual(["a", "a\nb", "e"]);
});

test("without continueOnError, the rows before the refused one stay; with atomic, none", async () => {
  await empty("items");
  const file = "title\na\nb\na\nc\n";
  expect(await importText("items", file)).toMatchObject({ created: 2, refused: 1, stoppedAt: 4 });
  expect(await titles()).toEqual(["a", "b"]);
  await empty("items");
  expect(await importText("items", file, { atomic: true })).toMatchObject({ created: 0, refused: 1, stoppedAt: 4 });
  expect(await titles()).toEqual([]);
  const options = { atomic: true, continueOnError: true };
  expect(await importText("items", file, options)).toMatchObject({ created: 3, refused: 1 });
  expect(await titles()).toEqual(["a", "b", "c"]);
});

test("a dry run says the same and writes nothing, also to the log", async () => {
  await empty("items");
  const file = "title\na\nb\na\nc\n";
  for (const atomic of [false, true]) {
    const changes = await fixture.changesOf(async () => {
      const options = { dryRun: true, continueOnError: true, atomic };
      expect(await importText("items", file, options)).toMatchObject({ dryRun: true, created: 3, refused: 1 });
    });
    expect(changes).toEqual([]);
    expect(await titles()).toEqual([]);
  }
});

test("each record that is imported is a change in the log", async () => {
  await empty("items");
  const file = Array.from({ length: 700 }, (_, n) => `{"title":"t${n}"}`).join("\n");
  const changes = await fixture.changesOf(() => importText("items", file, { format: "ndjson" }));
  expect(changes.map(({ action, collection, after }) => [action, collection, after?.["title"]])).toEqual(
    Array.from({ length: 700 }, (_, n) => ["create", fixture.collection("items").id, `t${n}`]),
  );
});

test("no two columns are read into one field", async () => {
  expect(await importText("items", "title,n,title\na,1,b\n")).toMatchObject({
    created: 0,
    errors: [{ line: 1, message: 'It can\'t be read. It names the column "title" more than once.' }],
  });
  const names = new Map([["Name", "title"]]);
  expect(await importText("items", "title,Name\na,b\n", { names })).toMatchObject({
    created: 0,
    errors: [{ line: 2, data: { Name: { code: "validation_repeated_field" } } }],
  });
  expect(await importText("items", "title,,\na,,\n")).toMatchObject({ created: 1, errors: [] });
});

test("columns have the names of fields, or are mapped to them", async () => {
  await empty("items");
  expect(await importText("items", "Name,n,Note\na,1,x\n")).toMatchObject({
    errors: [{ line: 2, data: { Name: { code: "validation_unknown_field" }, Note: {} } }],
  });
  const names = new Map([
    ["Name", "title"],
    ["Note", ""],
  ]);
  expect(await importText("items", "Name,n,Note\na,1,x\n", { names })).toMatchObject({ created: 1, errors: [] });
  const json = '[{"title":"b","collectionId":"x","collectionName":"items","expand":{}}]';
  expect(await importText("items", json, { format: "json" })).toMatchObject({ created: 1, errors: [] });
});

test.each<[string, TransferFormat, string | Uint8Array, number, string]>([
  ["an open quote", "csv", 'title\na\n"b\n', 3, "A quote is not closed."],
  ["a list without an end", "json", '[{"title":"a"},', 1, "The list is not closed."],
  ["no list", "json", '{"title":"a"}', 1, "It is not a JSON list."],
  ["more than a list", "json", '[{"title":"a"}]\n[]', 2, "The list is over."],
  ["another encoding", "ndjson", Uint8Array.from([...Buffer.from('{"title":"a"}\n'), 0xff, 0x0a]), 2, "not UTF-8"],
])("an import ends at %s", async (_, format, file, line, reason) => {
  await empty("items");
  const report = await importText("items", file, { format, continueOnError: true, chunk: 1_000 });
  expect(report).toMatchObject({ stoppedAt: line, refused: 1 });
  expect(report.errors[0]!.message).toContain(reason);
  await empty("items");
  expect(await importText("items", file, { format, continueOnError: true, atomic: true })).toMatchObject({
    created: 0,
  });
});

test.each<[string, TransferFormat, string]>([
  ["a line", "ndjson", '{"title":"a"}\nnope\n[1]\n\n{"title":"b"}'],
  ["an item", "json", '[{"title":"a"},\nnope,\n[1],\n{"title":"b"}\n]'],
])("%s that is no object is refused alone", async (_, format, file) => {
  await empty("items");
  const report = await importText("items", file, { format, continueOnError: true });
  expect(report.errors.map(({ line, message }) => [line, message])).toEqual([
    [2, "It is not a JSON object."],
    [3, "It is not a JSON object."],
  ]);
  expect(await titles()).toEqual(["a", "b"]);
});

test("accounts get the passwords of their rows, and their secrets are never exported", async () => {
  const file = "email,password,name,verified\na@example.com,1234567890,Ann,true\nb@example.com,,Bob,\n";
  for (const atomic of [false, true]) {
    await empty("accounts");
    const report = await importText("accounts", file, { continueOnError: true, atomic });
    expect(report.errors.map(({ line, data }) => [line, Object.keys(data)])).toEqual([
      [3, ["password", "passwordConfirm"]],
    ]);
    const [ann] = await rowsOf("accounts");
    expect(await Bun.password.verify("1234567890", String(ann!["password"]))).toBe(true);
    expect(ann).toMatchObject({ name: "Ann", verified: 1 });
    for (const format of TRANSFER_FORMATS) {
      const exported = await exportText("accounts", format);
      expect(exported).not.toMatch(/password|tokenKey/);
      expect(exported).toContain("a@example.com");
    }
  }
});

test("more records than a page are exported once each, those of a view and of a filter too", async () => {
  await empty("items");
  const file = Array.from({ length: 1_234 }, (_, n) => `{"title":"t${n}","n":${n}}`).join("\n");
  await importText("items", file, { format: "ndjson", chunk: 10_000 });
  const exported = async (name: string, more = {}): Promise<number> =>
    new Set((await exportText(name, "ndjson", more)).split("\n").filter((line) => line !== "")).size;
  expect([await exported("items"), await exported("titles")]).toEqual([1_234, 1_234]);
  expect(await exported("items", { filter: "n < 600" })).toBe(600);
  expect(JSON.parse(await exportText("items", "json"))).toHaveLength(1_234);
  await empty("items");
  expect([await exportText("items", "json"), await exportText("items", "ndjson")]).toEqual(["[]\n", ""]);
  expect(exportText("items", "csv", { fields: ["nope"] })).rejects.toThrow();
  expect(exportText("items", "csv", { filter: "nope = 1" })).rejects.toThrow();
});
