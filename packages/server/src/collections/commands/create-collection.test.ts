import { describe, expect, test } from "bun:test";
import { CollectionFixture, NOW, refusal } from "../../testing/collection-fixture.ts";

const fixture = await CollectionFixture.open();

test("a base collection gets an id derived from its name, and its id field comes first", async () => {
  const posts = await fixture.create({
    name: "posts",
    fields: [{ name: "title", type: "text" }],
    created: "2020-01-01",
  });
  expect(posts).toMatchObject({ id: "pbc_1125843985", type: "base", created: "2026-01-02 03:04:05.678Z" });
  expect(posts.fields.map(({ id }) => id)).toEqual(["text3208210256", "text724990059"]);
  expect(await fixture.sql("SELECT sql FROM sqlite_master WHERE name = 'posts'")).toEqual([
    {
      sql:
        "CREATE TABLE `posts` (`id` TEXT PRIMARY KEY DEFAULT ('r'||lower(hex(randomblob(7)))) NOT NULL, " +
        "`title` TEXT DEFAULT '' NOT NULL)",
    },
  ]);
});

test("a generated id that is taken gets a number, also in the names of indexes", async () => {
  await fixture.create({ name: "first", id: "pbc_2254525386" });
  await fixture.sql("UPDATE _collections SET id = 'pbc_' || 0 WHERE name = 'first'");
  const { id, indexes } = await fixture.create({ name: "people", type: "auth" });
  await fixture.sql("UPDATE _collections SET name = 'elsewhere' WHERE name = 'people'");
  await fixture.sql("ALTER TABLE people RENAME TO elsewhere");
  const second = await fixture.create({ name: "people", type: "auth" });
  expect<string>(second.id).toBe(`${id}2`);
  expect(second.indexes).toEqual(indexes.map((statement) => statement.replace(id, `${id}2`)));
});

test("an auth collection has its system fields, indexes and secrets", async () => {
  const members = await fixture.create({
    name: "members",
    type: "auth",
    fields: [{ name: "email", type: "email", hidden: true }],
  });
  expect(members.fields.map(({ name }) => name).sort()).toEqual([
    "email",
    "emailVisibility",
    "id",
    "password",
    "tokenKey",
    "verified",
  ]);
  expect(members.fields.find(({ name }) => name === "email")).toMatchObject({ hidden: false, system: true });
  expect(members.indexes).toEqual([
    `CREATE UNIQUE INDEX \`idx_tokenKey_${members.id}\` ON \`members\` (\`tokenKey\`)`,
    `CREATE UNIQUE INDEX \`idx_email_${members.id}\` ON \`members\` (\`email\`) WHERE \`email\` != ''`,
  ]);
  expect(members.type === "auth" && members.auth.authToken).toMatchObject({
    duration: 432_000,
    secret: expect.stringMatching(/^\w{50}$/),
  });
});

test("the change is logged without secrets", async () => {
  const { id } = await fixture.create({ name: "logged", type: "auth" });
  const [change] = await fixture.sql(
    "SELECT collection, record, action, before, after FROM _changes ORDER BY seq DESC LIMIT 1",
  );
  expect(change).toMatchObject({ collection: "_collections", record: id, action: "create", before: null });
  const { fields, ...rest } = JSON.parse(String(change!["after"]));
  expect(rest).toEqual({ id, name: "logged", type: "auth", listRule: null, viewRule: null });
  expect(fields).toMatch(/^[a-z0-9]{1,13}$/);
});

describe("views", () => {
  test("have the fields that their query selects", async () => {
    await fixture.create({
      name: "orders",
      fields: [
        { name: "total", type: "number", min: 1 },
        { name: "buyer", type: "relation", collectionId: "_pb_users_auth_" },
      ],
    });
    const view = await fixture.create({
      name: "sums",
      type: "view",
      viewQuery: `
        SELECT o.id, o.buyer, u.id AS usr, u.email, count(o.id) AS orders, cast(o.total as int) whole, (o.total + 1) AS more
        FROM orders o -- a comment, with a comma
        LEFT JOIN users u ON u.id = o.buyer
        GROUP BY o.id`,
    });
    expect(view.fields.map(({ name, type }) => `${name}: ${type}`)).toEqual([
      "id: text",
      "buyer: relation",
      "usr: relation",
      "email: email",
      "orders: number",
      "whole: number",
      "more: json",
    ]);
    expect(view.fields.find(({ name }) => name === "buyer")?.id).toMatch(/^_clone_\w{4}$/);
  });

  test("have a text id, whatever type the query returns", async () => {
    await fixture.create({
      name: "rows",
      type: "view",
      viewQuery: "SELECT (ROW_NUMBER() OVER()) AS id, name FROM _collections;",
    });
    const [row] = await fixture.sql("SELECT typeof(id) AS type FROM rows LIMIT 1");
    expect(row).toEqual({ type: "text" });
  });

  test.each([
    ["SELECT * FROM posts", "wildcard columns (*) are not supported"],
    ["SELECT title FROM posts", "missing required id column"],
    ["SELECT id FROM posts; DROP TABLE posts", "multiple statements are not supported"],
    ["SELECT type AS id FROM _collections", "non-unique ids"],
    ["SELECT '' AS id FROM _collections", "empty or invalid ids"],
    ["SELECT id FROM nowhere", "no such table"],
    ["DELETE FROM posts", "syntax error"],
    ["SELECT (id FROM posts", "unbalanced parenthesis"],
  ])("refuse the query %p", async (viewQuery, message) => {
    const { data } = await refusal(fixture.create({ name: "refused", type: "view", viewQuery }));
    expect(data.viewQuery).toEqual({
      code: "validation_invalid_view_query",
      message: expect.stringContaining(message),
    });
  });
});

test("the caller provides the time", async () => {
  const { updated } = await fixture.create({ name: "timed", updated: "2020-01-01" });
  expect(updated).toBe(NOW.toISOString().replace("T", " "));
});
