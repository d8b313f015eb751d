import { describe, expect, test } from "bun:test";
import { sql } from "../../store/sql.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { SearchIndexer } from "../search/search-indexer.ts";

const fixture = await RecordFixture.open([
  {
    name: "tags",
    type: "base",
    listRule: "",
    fields: [{ name: "name", type: "text" }],
  },
  {
    name: "posts",
    type: "base",
    listRule: "status = 'open'",
    viewRule: "",
    fields: [
      { name: "title", type: "text" },
      { name: "body", type: "text" },
      { name: "notes", type: "text", hidden: true },
      { name: "status", type: "text" },
      { name: "tags", type: "relation", collectionId: "tags", maxSelect: 9 },
    ],
    search: { fields: ["title", "body", "notes"], weights: { title: 10 } },
  },
  {
    name: "old",
    type: "base",
    listRule: "@request.query.search != ''",
    fields: [{ name: "title", type: "text" }],
  },
]);
const as = fixture.superuser();
const id = (n: number): string => `p${String(n).padStart(14, "0")}`;
const rows: readonly Readonly<Record<string, unknown>>[] = [
  { title: "SQLite full text", body: "An index of words. sqlite sqlite", status: "open", notes: "alpha" },
  { title: "Words", body: "A database such as SQLite has words", status: "open", notes: "beta" },
  { title: "Closed", body: "SQLite again", status: "closed", notes: "" },
  { title: "Crème brûlée <b>", body: "A dessert & more", status: "open", notes: "" },
];
const tag = id(9);
await fixture.create("tags", { as, body: { id: tag, name: "food" } });
for (const [n, body] of rows.entries()) await fixture.create("posts", { as, body: { id: id(n), ...body } });
await fixture.update("posts", id(3), { as, body: { tags: [tag] } });
const registry = { current: fixture.context().schema };
await upToDate();

async function upToDate(): Promise<void> {
  registry.current = fixture.context().schema;
  const indexer = new SearchIndexer({
    store: fixture.store,
    registry: registry as never,
    onError: (error) => expect(error).toBeUndefined(),
  });
  await indexer.start();
  await indexer.idle();
}

const found = async (query: Readonly<Record<string, string>>, superuser = false): Promise<readonly string[]> => {
  const { status, body } = await fixture.list("posts", { query, ...(superuser && { as }) });
  expect({ status, body }).toMatchObject({ status: 200 });
  expect(body.totalItems).toBe(query["skipTotal"] ? -1 : body.items.length);
  return body.items.map((item: { id: string }) => item.id);
};

describe("a search", () => {
  test.each<[string, readonly number[]]>([
    ["sqlite", [0, 1]],
    ["SQLITE", [0, 1]],
    ["sqlite words", [1, 0]],
    ["index sqlite", [0]],
    ['"full text"', [0]],
    ['"text full"', []],
    ["data*", [1]],
    ["sqlite -database", [0]],
    ["-sqlite", [3]],
    ["creme BRULEE", [3]],
    ["& dessert", [3]],
    ["&", []],
    [" ", [0, 1, 3]],
    ["", [0, 1, 3]],
    ["title:sqlite", []],
    ['"', []],
    ["alpha", []],
  ])("%p finds what the list rule shows", async (search, expected) => {
    expect(await found({ search })).toEqual(expected.map(id));
  });

  test("of a superuser finds all, in hidden fields too", async () => {
    expect(await found({ search: "alpha" }, true)).toEqual([id(0)]);
    expect(await found({ search: "sqlite" }, true)).toEqual([id(0), id(2), id(1)]);
  });

  test("goes together with filters, sorts and pages", async () => {
    expect(await found({ search: "sqlite", filter: "title ~ 'words'" })).toEqual([id(1)]);
    expect(await found({ search: "sqlite", sort: "-title" })).toEqual([id(1), id(0)]);
    expect(await found({ search: "sqlite", sort: "-@rank" })).toEqual([id(1), id(0)]);
    expect(await found({ search: "sqlite", sort: "@rank,title" })).toEqual([id(0), id(1)]);
    expect(await found({ search: "dessert", filter: "tags.name = 'food'" })).toEqual([id(3)]);
    expect(await found({ search: "dessert", filter: "tags.name ?= 'none'" })).toEqual([]);
    expect(await found({ search: "-sqlite", sort: "@rank" })).toEqual([id(3)]);
    expect(await found({ search: "sqlite", perPage: "1", page: "2", skipTotal: "1" })).toEqual([id(1)]);
  });

  test("shows where it found something, as HTML", async () => {
    const { body } = await fixture.list("posts", { query: { search: "brulee more", withSnippets: "1" } });
    expect(body.items.length).toBe(1);
    const page = await fixture.store.read(async (reader) => {
      const { listRecords } = await import("./list-records.ts");
      return listRecords(reader, fixture.context(), fixture.collection("posts"), {
        search: "brulee dessert",
        withSnippets: "1",
      });
    });
    expect([...page.extras!.values()]).toEqual([
      { "@snippets": { title: "Crème <mark>brûlée</mark> &lt;b&gt;", body: "A <mark>dessert</mark> &amp; more" } },
    ]);
  });

  test("without an index is refused, and the answer says what to do", async () => {
    const refused = await fixture.list("tags", { query: { search: "x" } });
    expect(refused).toMatchObject({ status: 400, body: { data: { search: { code: "validation_invalid_search" } } } });
    expect(refused.body.data.search.message).toContain('set the option "search"');
    expect((await fixture.list("tags", { query: { search: "  " } })).status).toBe(200);
    expect((await fixture.list("tags", { query: { sort: "@rank" } })).status).toBe(400);
  });

  test("that is too long is refused", async () => {
    expect((await fixture.list("posts", { query: { search: "x ".repeat(1_751) } })).status).toBe(400);
    expect(await found({ search: "x ".repeat(1_750) })).toEqual([]);
    expect(await found({ search: "-x ".repeat(1_166) })).toEqual([0, 1, 3].map(id));
  });

  test("is left to a rule that reads a parameter of that name", async () => {
    expect((await fixture.list("old", { query: { search: "x" } })).status).toBe(200);
  });
});

test("an index follows every write", async () => {
  await fixture.create("posts", { as, body: { id: id(20), title: "zebra one", status: "open" } });
  expect(await found({ search: "zebra" })).toEqual([id(20)]);
  await fixture.update("posts", id(20), { as, body: { title: "giraffe" } });
  expect(await found({ search: "zebra" })).toEqual([]);
  expect(await found({ search: "giraffe" })).toEqual([id(20)]);
  await fixture.remove("posts", id(20), { as });
  expect(await found({ search: "giraffe" })).toEqual([]);
  const left = await fixture.store.first(
    sql`SELECT count(*) AS n FROM ${sql.id(`_headwater_search_${fixture.collection("posts").id}`)}`,
  );
  expect(left?.["n"]).toBe(rows.length);
});

test("an index is made right again after another program has written", async () => {
  await fixture.store.write(async (tx) => {
    await tx.run(sql`INSERT INTO posts (id, title, status) VALUES (${id(30)}, 'foreign', 'open')`);
    await tx.run(sql`UPDATE posts SET body = 'changed by hand' WHERE id = ${id(1)}`);
    await tx.run(sql`DELETE FROM posts WHERE id = ${id(0)}`);
    await tx.run(sql`UPDATE _headwater_search SET position = ${Number.MIN_SAFE_INTEGER}`);
  });
  await upToDate();
  expect(await found({ search: "foreign" })).toEqual([id(30)]);
  expect(await found({ search: "hand" })).toEqual([id(1)]);
  expect(await found({ search: "sqlite" })).toEqual([]);
});

test("an index that is being built is not searched", async () => {
  await fixture.store.write((tx) => tx.run(sql`UPDATE _headwater_search SET built = 0`));
  expect(await fixture.list("posts", { query: { search: "foreign" } })).toMatchObject({
    status: 503,
    body: { data: { search: { code: "search_building" } } },
  });
  await fixture.store.write((tx) => tx.run(sql`UPDATE _headwater_search SET built = 1`));
});
