import { expect, test } from "bun:test";
import fc from "fast-check";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { verbatim } from "../../store/sql.ts";

/** Set `HEADWATER_SEED` to reproduce a failure. */
const SEED = Number(Bun.env["HEADWATER_SEED"] ?? Date.now() % 2 ** 31);

const fixture = await RecordFixture.open([
  {
    name: "notes",
    type: "base",
    listRule: "",
    fields: [
      { name: "a", type: "number" },
      { name: "b", type: "text" },
      { name: "c", type: "number" },
      { name: "d", type: "number" },
    ],
    indexes: ["CREATE INDEX notes_cd ON notes (c, d)"],
  },
]);
await fixture.store.write((tx) =>
  tx.run({
    text: `INSERT INTO notes (id, a, b, c, d) WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 299)
      SELECT printf('n%014d', (i * 7919) % 1000), i % 5, char(97 + i % 3), i % 7, i % 4 FROM n`,
    values: [],
  }),
);

const sorts = fc.array(fc.tuple(fc.constantFrom("", "-"), fc.constantFrom("a", "b", "c", "d", "id", "@rowid")), {
  minLength: 1,
  maxLength: 3,
});
const filters = fc.constantFrom("", "a > 1", "c = 3", "c > 2 && b != 'a'");

test(`a sorted page has the records, and the order of equal ones, of a plain SELECT (HEADWATER_SEED=${SEED})`, async () => {
  const columns = (name: string): string => (name === "@rowid" ? "_rowid_" : name);
  const property = fc.asyncProperty(sorts, filters, fc.integer({ min: 1, max: 8 }), async (sort, filter, page) => {
    const sortText = sort.map((parts) => parts.join("")).join();
    const query = { sort: sortText, filter, page: String(page), perPage: "40" };
    const { body } = await fixture.list("notes", { as: fixture.superuser(), query });
    const order = sort.map(([sign, name]) => `${columns(name)} ${sign === "-" ? "DESC" : "ASC"}`).join();
    const where = filter === "" ? "TRUE" : filter.replace("&&", "AND");
    const plain = verbatim(`SELECT * FROM notes WHERE ${where} ORDER BY ${order} LIMIT 40 OFFSET ${40 * (page - 1)}`);
    const rows = await fixture.store.all(plain);
    expect(body.items.map(({ id }: { readonly id: string }) => id)).toEqual(rows.map(({ id }) => id));
  });
  await fc.assert(property, { seed: SEED, numRuns: 300 });
}, 60_000);
