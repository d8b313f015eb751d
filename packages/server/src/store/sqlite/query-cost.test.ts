import { describe, expect, test } from "bun:test";
import type { SqlValue } from "../sql.ts";
import { Connection } from "./connection.ts";
import { costOf } from "./query-cost.ts";
import { readPlan } from "./query-plan.ts";
import { TableStatistics } from "./table-statistics.ts";

const connection = new Connection(":memory:");
connection.exec("CREATE TABLE users (id TEXT PRIMARY KEY, name TEXT)");
connection.exec("CREATE TABLE posts (id TEXT PRIMARY KEY, author TEXT, title TEXT, tags JSON)");
connection.exec("CREATE INDEX by_author ON posts (author, title)");
connection.exec("CREATE TABLE log (body TEXT)");
for (let n = 0; n < 1_000; n += 1) {
  connection.run({ text: "INSERT INTO posts VALUES (?, ?, ?, '[]')", values: [`p${n}`, `u${n % 100}`, `title ${n}`] });
  if (n < 100) connection.run({ text: "INSERT INTO users VALUES (?, ?)", values: [`u${n}`, `name ${n}`] });
}
connection.run({ text: "INSERT INTO log VALUES (?)", values: ["x".repeat(1_000_000)] });
const statistics = new TableStatistics(connection, async () => undefined);

function cost(text: string, values: readonly SqlValue[] = [], hints: object = {}): number {
  return costOf(readPlan(text, connection.explain(text)), statistics, { text, values, ...hints });
}

describe("the cost of a statement is at least the rows that it visits", () => {
  const joins = `LEFT JOIN "users" AS "u" ON "u".id = "posts".author LEFT JOIN "posts" AS "p" ON "p".title = "u".id`;
  test.each<[string, string, readonly SqlValue[], number, number]>([
    ["a record by its id", `SELECT * FROM "posts" WHERE id = ?`, ["p1"], 1, 5],
    ["a page of a table", `SELECT * FROM "posts" ORDER BY _rowid_ LIMIT 20`, [], 1_000, 3_000],
    ["the rows of an index", `SELECT * FROM "posts" WHERE author = ?`, ["u1"], 10, 100],
    [
      "rows by a list of ids",
      `SELECT * FROM "posts" WHERE id IN (SELECT value FROM json_each(?))`,
      ['["p1","p2","p3"]'],
      3,
      200,
    ],
    ["a relation", `SELECT * FROM "posts" LEFT JOIN "users" AS "u" ON "u".id = "posts".author`, [], 1_000, 5_000],
    ["a back relation", `SELECT count(*) FROM "posts" ${joins}`, [], 1_000_000, 1e9],
    [
      "a subquery for each row",
      `SELECT * FROM "posts" WHERE EXISTS (SELECT 1 FROM "posts" AS "o" WHERE "o".title > "posts".title)`,
      [],
      1e6,
      1e8,
    ],
    ["a list in the text", `SELECT * FROM "posts" WHERE id IN (?, ?, ?, ?)`, ["a", "b", "c", "d"], 4, 50],
    [
      "values beside a bound list",
      `SELECT *, ?, ?, ?, ? FROM "posts" WHERE id IN (SELECT value FROM json_each(?))`,
      ["a", "b", "c", "d", '["p1"]'],
      1,
      20,
    ],
    [
      "columns that are bound",
      `WITH "posts" AS (SELECT id, author FROM main."posts" UNION ALL SELECT ${Array.from({ length: 80 }, (_, n) => `CAST(? AS TEXT) AS "c${n}"`).join()}) SELECT * FROM "users"`,
      Array.from({ length: 80 }, () => "x"),
      100,
      500,
    ],
    ["a subquery once", `SELECT * FROM "posts" WHERE id IN (SELECT author FROM "posts" AS "o")`, [], 1_000, 1e5],
    ["a compound", `SELECT id FROM "posts" UNION ALL SELECT id FROM "users"`, [], 1_100, 5_000],
    ["several indexes", `SELECT * FROM "posts" WHERE id = ? OR author = ?`, ["p1", "u1"], 11, 200],
    [
      "a subquery in FROM",
      `SELECT * FROM (SELECT author, row_number() OVER (PARTITION BY author) AS n FROM "posts" AS related) WHERE n < 3`,
      [],
      1_000,
      10_000,
    ],
  ])("%s", (_name, text, values, least, most) => {
    const steps = cost(text, values);
    expect(steps).toBeGreaterThanOrEqual(least);
    expect(steps).toBeLessThanOrEqual(most);
  });
});

test("comparing long texts with long patterns costs more than visiting the row", () => {
  const text = `SELECT * FROM "log" WHERE body LIKE ?`;
  expect(cost(text, ["%x%"])).toBeLessThan(50_000);
  expect(cost(text, [`%${"x".repeat(1_000)}y%`])).toBeGreaterThan(5_000_000);
});

test("a large row costs what reading it takes", () => {
  expect(cost(`SELECT * FROM "log"`)).toBeGreaterThan(1_000);
});

test("what the author says of a statement wins, and what nobody knows has no bound", () => {
  expect(cost(`SELECT * FROM "posts" ORDER BY _rowid_ LIMIT ?`, [20], { stopsAfter: 20 })).toBeLessThan(100);
  expect(cost(`SELECT * FROM "posts" ORDER BY tags LIMIT ?`, [20], { stopsAfter: 20 })).toBeGreaterThan(1_000);
  expect(cost(`SELECT count(*) FROM "posts"`, [], { visitCost: 0.01 })).toBeLessThan(50);
  const text = `WITH "@rows" AS MATERIALIZED (SELECT value FROM json_each(?)) SELECT * FROM "@rows"`;
  expect(cost(text, ["[]"], { sizes: { "@rows": 3 } })).toBeLessThan(100);
});

test("a view costs what its tables cost", () => {
  const view = "CREATE VIEW shown AS SELECT p.id, u.name FROM posts p LEFT JOIN users AS u ON u.id = p.author";
  connection.exec(view);
  const text = `SELECT * FROM "shown"`;
  const plan = readPlan(text, connection.explain(text), [view]);
  expect(costOf(plan, statistics, { text, values: [] })).toBeWithin(1_000, 10_000);
});

test("rows that were just written count", () => {
  const text = `SELECT * FROM "users" WHERE name LIKE ?`;
  const before = cost(text, ["%abc%"]);
  connection.run({ text: "INSERT INTO users VALUES (?, ?)", values: ["long", "x".repeat(2_000_000)] });
  expect(cost(text, ["%abc%"])).toBeGreaterThan(before + 10_000);
});
