import { expect, test } from "bun:test";
import { errorText, play, testScenarios } from "../testing/scenario.ts";
import { startTestApp } from "../testing/test-app.ts";

const { url, admin, add, define, collection } = await startTestApp();
await define({ name: "posts", fields: [{ type: "text", name: "title" }] });
const first = await add("posts", { title: "first" });
await add("posts", { title: "second" });

const PATH = "/api/collections/meta/dry-run-view";
const INVALID = "An error occurred while validating the submitted data.";
const refused = (name: string, query: string, reason: string) => ({
  name,
  method: "POST",
  path: PATH,
  token: admin,
  body: { query },
  status: 400,
  contains: [errorText(400, `Invalid view query. Raw error: \n${reason}`)],
});

testScenarios(url, [
  {
    name: "the sample has no hidden fields",
    method: "POST",
    path: `${PATH}?fields=sample`,
    token: admin,
    body: { query: "select id, password, tokenKey from _superusers" },
    status: 200,
    excludes: ["password", "tokenKey"],
  },
  {
    name: "null is no query",
    method: "POST",
    path: PATH,
    token: admin,
    body: { query: null },
    status: 400,
    contains: ["Cannot be blank."],
  },
  { name: "a guest may not try queries", method: "POST", path: PATH, body: { query: "select 1 as id" }, status: 401 },
  {
    name: "a query is required",
    method: "POST",
    path: PATH,
    token: admin,
    body: {},
    status: 400,
    contains: [errorText(400, INVALID, { query: { code: "validation_required", message: "Cannot be blank." } })],
  },
  {
    name: "a query has at most 5,000 characters",
    method: "POST",
    path: PATH,
    token: admin,
    body: { query: "x".repeat(5_001) },
    status: 400,
    contains: [
      '"code":"validation_length_too_long","message":"The length must be no more than 5000.","params":{"max":5000,"min":0}',
    ],
  },
  refused("an unknown table is named", "select id from nope", "SQL logic error: no such table: main.nope (1)."),
  refused(
    "an id is required",
    "select title from posts",
    "missing required id column (you can use `(ROW_NUMBER() OVER()) as id` if you don't have one).",
  ),
  refused(
    "ids may not be empty",
    "select '' as id from posts",
    "the query could return records with empty or invalid ids.",
  ),
  refused("ids are unique", "select 1 as id from posts", "the query could return records with non-unique ids."),
  refused("only reads are possible", "delete from posts", 'SQL logic error: near "delete": syntax error (1).'),
]);

test("the answer has the fields and a few records, and nothing is stored", async () => {
  const query = "select id, title, length(title) as size, count(*) as n from posts group by id order by title";
  const response = await play(url, { method: "POST", path: PATH, token: admin, body: { query } });
  const { fields, sample } = (await response.json()) as { fields: { name: string; type: string }[]; sample: object[] };
  expect(fields.map(({ name, type }) => [name, type])).toEqual([
    ["id", "text"],
    ["title", "text"],
    ["size", "json"],
    ["n", "number"],
  ]);
  expect(sample.length).toBe(2);
  expect(sample[0]).toMatchObject({ id: first.id, title: "first", size: 5, n: 1 });
  expect(Object.keys(sample[0]!)).toEqual(["collectionId", "collectionName", "id", "n", "size", "title"]);
  const list = await play(url, { path: "/api/collections?filter=type='view'", token: admin });
  expect(((await list.json()) as { totalItems: number }).totalItems).toBe(0);
  expect(collection("posts").type).toBe("base");
});
