import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { testDir } from "@headwater/testing/lib/test-dir.ts";
import { cpuMs } from "../../lib/scheduling/cpu-time.ts";
import { sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { openSqliteStore } from "../../store/sqlite/sqlite-store.ts";
import { ClientQueries } from "./client-queries.ts";

const store = openSqliteStore(join(testDir(), "data.db"));
afterAll(() => store.close());
await store.write(async (tx) => {
  await tx.run(sql`CREATE TABLE notes (body TEXT)`);
  for (let n = 0; n < 300; n += 1) await tx.run(sql`INSERT INTO notes VALUES (${`note ${n}`})`);
});

const cheap = async (reader: Reader): Promise<unknown> =>
  (await reader.first(sql`SELECT count(*) AS n FROM "notes"`))?.["n"];
const slow = (reader: Reader): Promise<unknown> =>
  reader.first(
    sql`SELECT count(*) FROM "notes" AS "a", "notes" AS "b", "notes" AS "c", "notes" AS "d" WHERE "a".body > "b".body || "c".body || "d".body`,
  );

const errorOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "no error",
    (error: unknown) => error,
  );

test("a slow query is given up, and holds up no other meanwhile", async () => {
  const queries = new ClientQueries(store);
  const order: string[] = [];
  const given = queries.run("slow", "ann", slow).catch((error: unknown) => {
    order.push("slow");
    return error;
  });
  expect(await queries.run("cheap", "ann", cheap)).toBe(300);
  order.push("cheap");
  expect(await given).toMatchObject({ kind: "overrun" });
  expect(order).toEqual(["cheap", "slow"]);
});

test("a query that was too slow is not tried again at once, whoever asks", async () => {
  const queries = new ClientQueries(store);
  expect(await errorOf(queries.run("slow", "ann", slow))).toMatchObject({ kind: "overrun" });
  let tries = 0;
  const again = queries.run("slow", "ben", async () => (tries += 1));
  expect(await errorOf(again)).toMatchObject({ kind: "overrun" });
  expect(tries).toBe(0);
  expect(await queries.run("other", "ann", cheap)).toBe(300);
});

test("any other error is the query's own, and pauses nothing", async () => {
  const queries = new ClientQueries(store);
  const invalid = (reader: Reader): Promise<unknown> => reader.first(sql`SELECT missing FROM "notes"`);
  expect(await errorOf(queries.run("name", "ann", invalid))).toMatchObject({ kind: "invalid" });
  expect(await queries.run("name", "ann", cheap)).toBe(300);
});

test("queries on this thread are charged and leave it to others in between", async () => {
  const queries = new ClientQueries(store);
  let spent = 0;
  const meter = { isExhausted: () => spent > 200, charge: (ms: number) => void (spent += ms) };
  const busy = async (reader: Reader): Promise<unknown> => {
    const until = cpuMs() + 20;
    while (cpuMs() < until);
    return cheap(reader);
  };
  let turns = 0;
  const counter = setInterval(() => (turns += 1), 0);
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, i) => errorOf(queries.run(`busy ${i}`, "ann", busy, meter))),
  );
  clearInterval(counter);
  const done = results.filter((result) => result === "no error").length;
  expect(done).toBeWithin(1, 12);
  expect(results.at(-1)).toMatchObject({ kind: "overrun" });
  expect(turns).toBeGreaterThan(1);
  expect(await queries.run("cheap", "ben", cheap)).toBe(300);
});

test("a query with a meter comes before those without", async () => {
  const queries = new ClientQueries(store);
  const order: string[] = [];
  const note = (name: string) => async (reader: Reader) => {
    order.push(name);
    return cheap(reader);
  };
  const meter = { isExhausted: () => false, charge: () => {} };
  await Promise.all([
    ...["first", "replay"].map((name) => queries.run(name, "ann", note(name))),
    queries.run("live", "ben", note("live"), meter),
  ]);
  expect(order).toEqual(["first", "live", "replay"]);
});
