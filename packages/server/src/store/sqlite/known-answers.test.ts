import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import fc from "fast-check";
import { openSqliteStore } from "./sqlite-store.ts";
import { Connection } from "./connection.ts";

/** Set `HEADWATER_SEED` to reproduce a failure. */
const SEED = Number(Bun.env["HEADWATER_SEED"] ?? Date.now() % 2 ** 31);

const path = join(testDir(), "data.db");
const store = openSqliteStore(path);
await store.write((tx) => tx.run({ text: "CREATE TABLE n (i)", values: [] }));
const other = new Connection(path);
const reader = new Connection(path, { readonly: true });
afterAll(async () => {
  reader.close();
  other.close();
  await store.close();
});

const COUNT = "SELECT count(*) AS total FROM n WHERE i < ?";
const insert = (i: number) => ({ text: "INSERT INTO n VALUES (?)", values: [i] });

type Step = "own write" | "foreign write" | "rolled back" | "begin" | "commit" | "count";
const steps = fc.array(
  fc.constantFrom<Step>("own write", "foreign write", "rolled back", "begin", "commit", "count", "count", "count"),
  { minLength: 5, maxLength: 40 },
);

test(`a reusable answer is always that of the statement (HEADWATER_SEED=${SEED})`, async () => {
  let known = 0;
  const property = fc.asyncProperty(steps, async (all) => {
    for (const [index, step] of all.entries()) {
      const limit = index % 3;
      if (step === "own write") await store.write((tx) => tx.run(insert(limit)));
      if (step === "foreign write") other.run(insert(limit));
      if (step === "rolled back") {
        other.exec("BEGIN");
        other.run(insert(limit));
        other.exec("ROLLBACK");
      }
      if (step === "begin" && !reader.inTransaction) reader.exec("BEGIN");
      if (step === "commit" && reader.inTransaction) reader.exec("COMMIT");
      const reused = reader.all({ text: COUNT, values: [limit], isReusable: true });
      expect(reused).toEqual(reader.all({ text: COUNT, values: [limit] }));
      known += reader.all({ text: COUNT, values: [limit], isReusable: true }) === reused ? 1 : 0;
    }
    if (reader.inTransaction) reader.exec("COMMIT");
  });
  await fc.assert(property, { seed: SEED, numRuns: 60 });
  expect(known).toBeGreaterThan(100);
});

test("values of different types have different answers, and a connection that writes sees its own writes", () => {
  const typeOf = (value: string | number | bigint | null): unknown =>
    reader.first({ text: "SELECT typeof(?) AS type", values: [value], isReusable: true })?.["type"];
  expect([1, "1", null, "null", 2n ** 60n, "1152921504606846976", 1.5, Infinity].map(typeOf)).toEqual([
    "integer",
    "text",
    "null",
    "text",
    "integer",
    "text",
    "real",
    "real",
  ]);
  const total = (): unknown => other.first({ text: COUNT, values: [100], isReusable: true })?.["total"];
  const before = Number(total());
  other.run(insert(1));
  expect(total()).toBe(before + 1);
});
