import { expect, test } from "bun:test";
import { errorText, play, type Scenario, testScenarios } from "../../testing/scenario.ts";
import { startTestApp } from "../../testing/test-app.ts";

const { url, admin, define, add, tokenOf } = await startTestApp({ sqlRows: "3", sqlSeconds: "2" });
await define({ name: "notes", fields: [{ name: "title", type: "text" }] });
const member = await tokenOf("users", await add("users", { email: "member@example.com" }));

const run = (query: unknown, token = admin) => play(url, { method: "POST", path: "/api/sql", token, body: { query } });

const script = (query: unknown, status: number, ...contains: readonly string[]): Scenario => ({
  name: String(query).slice(0, 80),
  method: "POST",
  path: "/api/sql",
  token: admin,
  body: { query },
  status,
  contains,
});

const failure = (message: string): string => errorText(400, `Failed to execute query. Raw error:\n${message}`);
const NOT_VALID = "An error occurred while validating the submitted data.";

testScenarios(url, [
  { ...script("select 1", 403), token: member },
  script("", 400, errorText(400, NOT_VALID, { query: { code: "validation_required", message: "Cannot be blank." } })),
  script("x".repeat(5_001), 400, '"code":"validation_length_too_long"', '"params":{"max":5000,"min":0}'),
  script(null, 400, '"code":"validation_required"'),
  script(5, 400, errorText(400, "An error occurred while loading the submitted data.")),
  script("  ", 400, failure("empty query.")),
  script("selekt 1", 400, failure('SQL logic error: near "selekt": syntax error (1).')),
  script("select * from nowhere", 400, "SQL logic error: no such table: nowhere (1)."),
  script("select ?", 400, failure("missing argument with index 1.")),
  script("insert into notes (id, title) values ('a', 'x'), ('b', null || 'y')", 400, "constraint failed: NOT NULL"),
  script(
    "insert into notes (id, title) values ('a', 'x'), ('b', 'y')",
    200,
    '"affectedRows":2,"columns":[],"rows":[]}',
  ),
  script("insert into notes (id) values ('a')", 400, "constraint failed: UNIQUE constraint failed: notes.id (1555)."),
  script("update notes set title = 'lost'; bogus", 400, "syntax error (1)."),
  script(
    "select id, title, 1 + 0.5 as n, null as z from notes order by id",
    200,
    '"columns":[{"name":"id","type":"TEXT","nullable":true},{"name":"title","type":"TEXT","nullable":true},',
    '"rows":[["a","x","1.5",null],["b","y","1.5",null]]',
  ),
  script("select 1; select 2 as second", 200, '"columns":[{"name":"second","type":"","nullable":true}],"rows":[["2"]]'),
  script("with old as (select 'b' as id) delete from notes where id in old returning id", 200, '"rows":[["b"]]'),
  script("values (1), (2), (3), (4)", 200, '"rows":[["1"],["2"],["3"]]'),
  script("select 1234567.5, 0.00001, 9223372036854775807", 200, '[["1.2345675e+06","1e-05","9223372036854775807"]]'),
  script("explain query plan select * from notes", 200, "SCAN notes"),
  script("analyze", 200),
  script("pragma journal_mode", 200, '[["wal"]]'),
  ...[
    "begin",
    "commit",
    "savepoint x",
    "attach '/tmp/x.db' as x",
    "vacuum into '/tmp/x.db'",
    "pragma query_only=off",
  ].map((query) => script(query, 400, "Raw error:\\n")),
  script("pragma journal_mode=delete", 400, failure("PRAGMA journal_mode with a value is not allowed here.")),
  script("delete from _changes", 400, failure("writing to _changes is not allowed here.")),
  script("update sqlite_sequence set seq = 0", 400, failure("writing to sqlite_sequence is not allowed here.")),
  script("insert into _headwater values ('a', 'b')", 400, failure("writing to _headwater is not allowed here.")),
  script("drop table _headwater_marks", 400, "is not allowed here."),
  script("create trigger t after insert on _changes begin select 1; end", 400, "is not allowed here."),
]);

test("a script that takes too long is cut, and what it wrote is undone", async () => {
  const endless = "with recursive n(x) as (values(1) union all select x + 1 from n) select max(x) from n";
  const cut = await run(`update notes set title = 'lost'; insert into notes (id) ${endless}`);
  expect(await cut.json()).toMatchObject({ message: expect.stringContaining("--sql-seconds") });
  expect(await (await run("select title from notes")).json()).toMatchObject({ rows: [["x"]] });
  expect(
    (await play(url, { method: "POST", path: "/api/collections/notes/records", token: admin, body: {} })).status,
  ).toBe(200);
});

test("others read while a script writes, and their writes follow it", async () => {
  const slow =
    "with recursive n(x) as (values(1) union all select x + 1 from n limit 2000000) select 'slow', max(x) from n";
  const written = run(`insert into notes (id, title) ${slow}`);
  const list = (filter: string) => play(url, { path: `/api/collections/notes/records?filter=${filter}`, token: admin });
  expect(await (await list("id='slow'")).json()).toMatchObject({ totalItems: 0 });
  const create = { method: "POST", path: "/api/collections/notes/records", token: admin, body: { title: "later" } };
  expect((await play(url, create)).status).toBe(200);
  expect(await (await list("id='slow'")).json()).toMatchObject({ totalItems: 1 });
  expect((await written).status).toBe(200);
});

test("what a script does to the collections is in force at once", async () => {
  await run("update _collections set listRule = '' where name = 'notes'");
  expect((await play(url, { path: "/api/collections/notes/records" })).status).toBe(200);
});
