import { describe, expect, test } from "bun:test";
import { codesOf, PASSWORD, type RecordRequest, RecordFixture } from "../../testing/record-fixture.ts";

const fixture = await RecordFixture.open([
  {
    name: "posts",
    type: "base",
    createRule: "@request.body.title != 'forbidden' && (n = 0 || n > 10)",
    viewRule: "",
    fields: [
      { name: "title", type: "text", required: true, max: 20 },
      { name: "slug", type: "text", autogeneratePattern: "[a-z]{8}" },
      { name: "n", type: "number" },
      { name: "tags", type: "select", values: ["a", "b", "c"], maxSelect: 2 },
      { name: "data", type: "json" },
      { name: "secret", type: "text", hidden: true },
      { name: "made", type: "autodate", onCreate: true },
      { name: "changed", type: "autodate", onCreate: true, onUpdate: true },
    ],
    indexes: ["CREATE UNIQUE INDEX idx_title ON posts (title)"],
  },
  {
    name: "comments",
    type: "base",
    createRule: "",
    fields: [
      { name: "post", type: "relation", collectionId: "posts", required: true },
      { name: "posts", type: "relation", collectionId: "posts", maxSelect: 5, minSelect: 2 },
    ],
  },
  {
    name: "loose",
    type: "base",
    createRule: "",
    fields: [
      {
        name: "id",
        type: "text",
        primaryKey: true,
        required: true,
        pattern: "^\\S+$",
        autogeneratePattern: "[a-z]{5}",
      },
    ],
  },
  { name: "closed", type: "base", fields: [] },
  { name: "broken", type: "base", fields: [] },
  {
    name: "numbers",
    type: "base",
    fields: [
      { name: "n", type: "number" },
      { name: "t", type: "text" },
      { name: "b", type: "bool" },
    ],
  },
  { name: "shown", type: "view", viewQuery: "SELECT id FROM posts" },
  { name: "staff", type: "auth", createRule: "", fields: [] },
]);
await fixture.setRule("broken", "createRule", "gone = 1");
await fixture.create("posts", { body: { id: "aaaaaaaaaaaaaaa", title: "first" } });

const DATE = "2026-01-02 03:04:05.678Z";

test("missing values get their zero value, dates are set, texts are generated", async () => {
  const { status, body } = await fixture.create("posts", { body: { title: "plain", made: "2020-01-01", unknown: 1 } });
  expect(status).toBe(200);
  expect(body).toEqual({
    changed: DATE,
    collectionId: fixture.collection("posts").id,
    collectionName: "posts",
    data: null,
    id: expect.stringMatching(/^[a-z0-9]{15}$/),
    made: DATE,
    n: 0,
    slug: expect.stringMatching(/^[a-z]{8}$/),
    tags: [],
    title: "plain",
  });
  expect(Object.keys(body)).toEqual(Object.keys(body).sort());
});

describe("a create rule compares a number as a float, and without its column's type, as PocketBase does", () => {
  test.each<[string, number]>([
    ["n ~ '.0'", 200],
    ["n ~ '1'", 200],
    ["n:lower = '1.0'", 200],
    ["n = '1.0'", 400],
    ["n = '1'", 400],
    ["n = 1", 200],
    ["t = n", 400],
    ["b ~ '1'", 200],
    ["b ~ '1.0'", 400],
  ])("%s", async (rule, status) => {
    await fixture.setRule("numbers", "createRule", rule);
    expect(await fixture.create("numbers", { body: { n: 1, t: "1", b: true } })).toMatchObject({ status });
  });
});

describe("values are normalized as in PocketBase", () => {
  test.each<[string, RecordRequest["body"], object]>([
    ["numbers and texts convert to each other", { title: 12.5, n: "11.5" }, { title: "12.5", n: 11.5 }],
    ["modifiers start from zero, shorter keys first", { title: "m1", n: 20, "n-": 1, "n+": 3 }, { n: 22 }],
    ["lists lose duplicates", { title: "m2", tags: ["a", "b", "a"] }, { tags: ["a", "b"] }],
    ["a text of JSON is a list", { title: "m3", tags: '["c"]' }, { tags: ["c"] }],
    ["a text of JSON is JSON", { title: "m4", data: '{"b":1,"a":[2]}' }, { data: { b: 1, a: [2] } }],
    ["a JSON text of a text is a text", { title: "m5", data: '"[1]"' }, { data: "[1]" }],
    ["a given id is used", { title: "m6", id: "bbbbbbbbbbbbbbb" }, { id: "bbbbbbbbbbbbbbb" }],
  ])("%s", async (_name, body, expected) => {
    const reply = await fixture.create("posts", { body: body! });
    expect(reply).toMatchObject({ status: 200, body: expected });
  });
});

describe("rejected", () => {
  test.each<[string, string, RecordRequest["body"], number, Record<string, string>]>([
    ["a view", "shown", {}, 400, {}],
    ["a collection for superusers only", "closed", {}, 403, {}],
    ["a record that doesn't meet the rule", "posts", { title: "x", n: 5 }, 400, {}],
    ["a body that doesn't meet the rule", "posts", { title: "forbidden" }, 400, {}],
    ["an unreadable rule", "broken", {}, 400, {}],
    ["a missing value", "posts", {}, 400, { title: "validation_required" }],
    [
      "several invalid values at once",
      "posts",
      { title: "x".repeat(21), tags: ["d"] },
      400,
      { tags: "validation_invalid_value", title: "validation_max_text_constraint" },
    ],
    ["a duplicate of a unique value", "posts", { title: "first" }, 400, { title: "validation_not_unique" }],
    ["an id that exists", "posts", { title: "y", id: "aaaaaaaaaaaaaaa" }, 400, { id: "validation_not_unique" }],
    [
      "an id that doesn't match the pattern",
      "posts",
      { title: "y", id: "AAAAAAAAAAAAAAA" },
      400,
      { id: "validation_invalid_format" },
    ],
    ["an id with a slash", "loose", { id: "a/b" }, 400, { id: "validation_forbidden_pk_character" }],
    ["an id that is a reserved name on Windows", "loose", { id: "con" }, 400, { id: "validation_reserved_pk" }],
    [
      "a relation to a missing record",
      "comments",
      { post: "missing" },
      400,
      { post: "validation_missing_rel_records" },
    ],
    [
      "too few related records",
      "comments",
      { post: "aaaaaaaaaaaaaaa", posts: ["aaaaaaaaaaaaaaa"] },
      400,
      { posts: "validation_not_enough_values" },
    ],
  ])("%s", async (_name, collection, body, status, codes) => {
    const reply = await fixture.create(collection, { body: body! });
    expect({ status: reply.status, codes: codesOf(reply) }).toEqual({ status, codes });
  });

  test("an id that differs from an existing one only in case", async () => {
    await fixture.create("loose", { body: { id: "same" } });
    expect(codesOf(await fixture.create("loose", { body: { id: "SAME" } }))).toEqual({ id: "validation_pk_invalid" });
  });
});

test("only superusers can set and see hidden fields", async () => {
  const guest = await fixture.create("posts", { body: { title: "hidden1", secret: "s" } });
  expect(await fixture.row("posts", guest.body.id)).toMatchObject({ secret: "" });
  const superuser = await fixture.create("posts", { as: fixture.superuser(), body: { title: "hidden2", secret: "s" } });
  expect(superuser.body).toMatchObject({ secret: "s" });
});

test("superusers bypass rules, but not validation", async () => {
  const as = fixture.superuser();
  expect((await fixture.create("posts", { as, body: { title: "forbidden", n: 5 } })).status).toBe(200);
  expect(codesOf(await fixture.create("posts", { as, body: { n: 5 } }))).toEqual({ title: "validation_required" });
});

test("a record and its change are written together or not at all", async () => {
  const changes = await fixture.changesOf(() => fixture.create("posts", { body: { title: "logged" } }));
  expect(changes).toMatchObject([{ action: "create", before: null, after: { title: "logged", secret: "" } }]);
  expect(await fixture.changesOf(() => fixture.create("posts", { body: { title: "logged" } }))).toEqual([]);
});

test("an account's password is stored as a hash that is never logged", async () => {
  const body = { email: "a@example.com", password: PASSWORD, passwordConfirm: PASSWORD };
  const [change] = await fixture.changesOf(() => fixture.create("staff", { body }));
  expect(change!.after).not.toHaveProperty("password");
  expect(await fixture.row("staff", change!.record)).toMatchObject({ password: expect.stringMatching(/^\$2a\$10\$/) });
});

test("two auth collections never share an id", async () => {
  const body = { email: "b@example.com", password: PASSWORD, passwordConfirm: PASSWORD, id: "ccccccccccccccc" };
  expect((await fixture.create("users", { body })).status).toBe(200);
  expect(codesOf(await fixture.create("staff", { body }))).toEqual({ id: "validation_invalid_auth_id" });
});
