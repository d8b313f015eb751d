import { expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import type { RecordValues } from "@headwater/protocol";
import { sql } from "../../store/sql.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { readHistory } from "../kept/history.ts";
import { findRecord } from "../query/find-record.ts";
import { restoreRecord } from "./restore-record.ts";
import { valuesAfter } from "./restore-version.ts";

setDefaultTimeout(120_000);

const fixture = await RecordFixture.open([
  {
    name: "notes",
    type: "base",
    listRule: "",
    fields: [
      { name: "title", type: "text" },
      { name: "text", type: "editor" },
      { name: "data", type: "json" },
      { name: "n", type: "number" },
      { name: "on", type: "bool" },
      { name: "labels", type: "select", maxSelect: 3, values: ["a", "b", "c"] },
    ],
    search: { fields: ["title", "labels"] },
    softDelete: true,
    history: { keep: 0 },
  },
]);
const as = fixture.superuser();
const collection = fixture.collection("notes");
const index = sql.id(`_headwater_search_${collection.id}`);

const TEXT = fc.constantFrom("", "one", "two words", "Ünïcode", '"quoted"', "{}", "[1]", "null");
const VALUES = fc.record(
  {
    title: TEXT,
    text: TEXT,
    data: fc.oneof(TEXT, fc.jsonValue({ maxDepth: 2 })),
    n: fc.integer({ min: -5, max: 5 }),
    on: fc.boolean(),
    labels: fc.subarray(["a", "b", "c"]),
  },
  { requiredKeys: [] },
);
const STEP = fc.oneof(
  { weight: 4, arbitrary: VALUES.map((values) => ({ kind: "update" as const, values })) },
  { weight: 1, arbitrary: fc.constant({ kind: "deleteAndRestore" as const, values: {} }) },
);

test("every version of a record can be restored, and the search index has what the table has", async () => {
  await fc.assert(
    fc.asyncProperty(VALUES, fc.array(STEP, { maxLength: 8 }), async (first, steps) => {
      const { status, body } = await fixture.create("notes", { as, body: first });
      expect(status).toBe(200);
      const id: string = body.id;
      const stored = async (): Promise<RecordValues> => (await findRecord(fixture.store, collection, id))!;
      const versions = new Map<number, RecordValues>();
      const note = async (): Promise<void> => {
        const [newest] = await readHistory(fixture.store, collection, id, { limit: 1 });
        versions.set(newest!.version, await stored());
      };
      await note();
      for (const { kind, values } of steps) {
        if (kind === "update") await fixture.update("notes", id, { as, body: values });
        else {
          const before = await stored();
          await fixture.remove("notes", id, { as });
          await fixture.store.write((tx) => restoreRecord(tx, fixture.context({ as }), collection, id));
          expect(await stored()).toEqual(before);
        }
        await note();
      }
      for (const [version, values] of versions) {
        const old = await valuesAfter(fixture.store, collection, id, version);
        await fixture.update("notes", id, { as, body: old });
        expect(await stored()).toEqual(values);
      }
      await fixture.store.write((tx) => tx.run(sql`INSERT INTO ${index} (${index}) VALUES ('integrity-check')`));
      const rows = await fixture.store.all(sql`SELECT _rowid_ AS row, title, labels FROM notes ORDER BY _rowid_`);
      const indexed = await fixture.store.all(
        sql`SELECT rowid AS row, f0 AS title, f1 AS labels FROM ${index} ORDER BY rowid`,
      );
      expect(indexed).toEqual(rows);
      await fixture.remove("notes", id, { as });
    }),
    { numRuns: 30 },
  );
});
