import { expect, test } from "bun:test";
import { sql } from "../../store/sql.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { selectRecords } from "../query/select-records.ts";

const fixture = await RecordFixture.open([
  { name: "labels", type: "base", fields: [{ name: "name", type: "text" }] },
  {
    name: "notes",
    type: "base",
    fields: [
      { name: "text", type: "text" },
      { name: "labels", type: "relation", collectionId: "labels", maxSelect: 9 },
    ],
  },
]);
const as = fixture.superuser();
const label = async (): Promise<string> => (await fixture.create("labels", { as, body: { name: "x" } })).body.id;

test("an update writes only the columns that change", async () => {
  const id: string = (await fixture.create("notes", { as, body: { text: "a" } })).body.id;
  // As an older server may have stored it.
  await fixture.store.write((tx) => tx.run(sql`UPDATE notes SET labels = '[ ]' WHERE id = ${id}`));
  await fixture.update("notes", id, { as, body: { text: "b" } });
  expect(await fixture.row("notes", id)).toMatchObject({ text: "b", labels: "[ ]" });
});

test("a record that meets a rule in several ways is selected once", async () => {
  const body = { labels: [await label(), await label()] };
  const id: string = (await fixture.create("notes", { as, body })).body.id;
  const found = await selectRecords(
    fixture.store,
    fixture.context(),
    fixture.collection("notes"),
    "labels.name ?= 'x'",
    [id],
  );
  expect(found.map((record): string => record.id)).toEqual([id]);
});
