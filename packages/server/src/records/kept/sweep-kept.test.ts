import { expect, test } from "bun:test";
import { sql } from "../../store/sql.ts";
import { NOW, RecordFixture } from "../../testing/record-fixture.ts";
import { sweepKept } from "./sweep-kept.ts";

const DAY_MS = 86_400_000;
const text = { name: "text", type: "text" };
const fixture = await RecordFixture.open([
  {
    name: "days",
    type: "base",
    fields: [text, { name: "file", type: "file" }],
    softDelete: { days: 2 },
    history: { days: 3 },
  },
  { name: "ever", type: "base", fields: [text], softDelete: { days: 0 }, history: true },
]);
const as = fixture.superuser();

const sweep = (days: number) =>
  sweepKept({
    store: fixture.store,
    schema: () => fixture.context().schema,
    files: fixture.files,
    background: fixture.context().background,
    now: new Date(NOW.getTime() + days * DAY_MS),
  });
const count = async (table: string): Promise<number> =>
  Number((await fixture.store.first(sql`SELECT count(*) AS n FROM ${sql.id(table)}`))?.["n"]);

test("what is kept goes after its days, files too", async () => {
  for (let n = 0; n < 250; n += 1) {
    const { body } = await fixture.create("days", { as, body: { text: `${n}` } });
    await fixture.remove("days", body.id, { as });
  }
  const files = { file: [new File(["x"], "x.txt")] };
  const { body } = await fixture.create("days", { as, files });
  await fixture.remove("days", body.id, { as });
  const kept = await fixture.create("ever", { as, body: { text: "x" } });
  await fixture.remove("ever", kept.body.id, { as });
  await fixture.idle();
  const path = fixture.path("days", body.id, body.file);
  expect([await count("_headwater_trash"), await count("_headwater_history")]).toEqual([252, 504]);
  expect(await sweep(1)).toBe(0);
  expect(await Bun.file(path).exists()).toBe(true);
  expect(await sweep(2.5)).toBe(251);
  await fixture.idle();
  expect(await Bun.file(path).exists()).toBe(false);
  expect(await count("_headwater_trash")).toBe(1);
  await sweep(3.5);
  expect(await count("_headwater_history")).toBe(2);
});
