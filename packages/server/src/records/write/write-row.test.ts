import { expect, test } from "bun:test";
import { sql } from "../../store/sql.ts";
import { RecordWorld } from "../../testing/record-fixture.ts";
import { selectRecords } from "../query/select-records.ts";

const world = await RecordWorld.open([
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
const as = world.superuser();
const label = async (): Promise<string> => (await world.create("labels", { as, body: { name: "x" } })).body.id;

test("an update leaves the columns alone that it does not change", async () => {
  const id: string = (await world.create("notes", { as, body: { text: "a" } })).body.id;
  // As an older server may have stored it.
  await world.store.write((tx) => tx.run(sql`UPDATE notes SET labels = '[ ]' WHERE id = ${id}`));
  await world.update("notes", id, { as, body: { text: "b" } });
  expect(await world.row("notes", id)).toMatchObject({ text: "b", labels: "[ ]" });
});

test("a record that meets a rule in several ways is selected once", async () => {
  const body = { labels: [await label(), await label()] };
  const id: string = (await world.create("notes", { as, body })).body.id;
  const found = await selectRecords(
    world.store,
    world.context(),
    world.collection("notes"),
    "labels.name ?= 'x'",
    sql`${sql.id("notes", "id")} = ${id}`,
  );
  expect(found.map((record): string => record.id)).toEqual([id]);
});
