import { describe, expect, test } from "bun:test";
import { RecordFixture } from "../../testing/record-fixture.ts";

const fixture = await RecordFixture.open([
  {
    name: "tags",
    type: "base",
    listRule: "open = true",
    viewRule: "",
    fields: [
      { name: "name", type: "text" },
      { name: "open", type: "bool" },
    ],
  },
  {
    name: "posts",
    type: "base",
    listRule: "n < 100",
    viewRule: "n < 100",
    fields: [
      { name: "n", type: "number" },
      { name: "tags", type: "relation", collectionId: "tags", maxSelect: 9 },
      { name: "secret", type: "text", hidden: true },
    ],
  },
  { name: "closed", type: "base", fields: [] },
  { name: "broken", type: "base", fields: [] },
  { name: "shown", type: "view", listRule: "", viewRule: "", viewQuery: "SELECT id, n FROM posts" },
]);

await fixture.setRule("broken", "listRule", "gone = 1");
await fixture.setRule("broken", "viewRule", "gone = 1");

const as = fixture.superuser();
const id = (n: number): string => `post${String(n).padStart(11, "0")}`;
for (const [name, open] of [
  ["a", true],
  ["b", false],
]) {
  await fixture.create("tags", { as, body: { id: `tag00000000000${name}`, name, open } });
}
for (let n = 1; n <= 40; n++) {
  const tags = n === 1 ? ["tag00000000000a"] : n === 2 ? ["tag00000000000b", "tag00000000000a"] : [];
  await fixture.create("posts", { as, body: { id: id(n), n, tags, secret: "s" } });
}
await fixture.create("posts", { as, body: { id: id(100), n: 100 } });

describe("paging", () => {
  test.each<[Readonly<Record<string, string>>, object]>([
    [{}, { page: 1, perPage: 30, totalItems: 40, totalPages: 2 }],
    [
      { page: "2", perPage: "39" },
      { page: 2, perPage: 39, totalItems: 40, totalPages: 2 },
    ],
    [
      { page: "0", perPage: "-1" },
      { page: 1, perPage: 30, totalItems: 40, totalPages: 2 },
    ],
    [
      { page: "", perPage: "5000" },
      { page: 1, perPage: 1000, totalItems: 40, totalPages: 1 },
    ],
    [{ page: "9" }, { page: 9, items: [], totalItems: 40 }],
    [{ skipTotal: "t" }, { totalItems: -1, totalPages: -1 }],
    [{ skipTotal: "0" }, { totalItems: 40 }],
  ])("%p", async (query, expected) => {
    expect(await fixture.list("posts", { query })).toMatchObject({ status: 200, body: expected });
  });

  test.each([{ page: "x" }, { page: "1.5" }, { perPage: " 1" }, { skipTotal: "yes" }, { page: "9".repeat(20) }])(
    "%p is rejected",
    async (query) => {
      expect((await fixture.list("posts", { query })).status).toBe(400);
    },
  );
});

const ids = async (query: Readonly<Record<string, string>>, superuser = false): Promise<string[]> => {
  const { body } = await fixture.list("posts", { query, ...(superuser && { as }) });
  return body.items.map((item: { id: string }) => item.id);
};

test("rule, filter and sort apply together", async () => {
  expect(await ids({ filter: "n > 37", sort: "-n" })).toEqual([id(40), id(39), id(38)]);
  expect(await ids({ filter: "n > 38", sort: "n" }, true)).toEqual([id(39), id(40), id(100)]);
  expect(await ids({ perPage: "2", page: "2", sort: "@rowid" })).toEqual([id(3), id(4)]);
});

test("a record with several matching relations is listed and counted once", async () => {
  const { body } = await fixture.list("posts", { as, query: { filter: "tags.name ?!= ''" } });
  expect(body).toMatchObject({ totalItems: 2, items: [{ id: id(1) }, { id: id(2) }] });
});

test("a client's filter reaches related records only as their list rule allows", async () => {
  expect(await ids({ filter: "tags.name ?= 'b'" })).toEqual([]);
  expect(await ids({ filter: "tags.name ?= 'b'" }, true)).toEqual([id(2)]);
});

test("only superusers can filter and sort by hidden fields", async () => {
  expect((await fixture.list("posts", { query: { filter: "secret = 's'" } })).status).toBe(400);
  expect((await fixture.list("posts", { query: { sort: "secret" } })).status).toBe(400);
  expect((await ids({ filter: "secret = 's'", perPage: "1" }, true)).length).toBe(1);
});

describe("rejected", () => {
  const message = "Only superusers can filter by @request.";
  const general = "Something went wrong while processing your request.";
  test.each<[string, string, Readonly<Record<string, string>>, number, string]>([
    ["a collection for superusers only", "closed", {}, 403, "Only superusers can perform this action."],
    ["a filter on the request", "posts", { filter: "@request.auth.id = ''" }, 403, message],
    ["a sort by the request", "posts", { sort: "@request.auth.id" }, 403, message],
    ["an unknown field", "posts", { filter: "missing = 1" }, 400, general],
    ["half a filter", "posts", { filter: "n" }, 400, general],
    ["a long filter", "posts", { filter: `n = '${"x".repeat(3500)}'` }, 400, general],
    ["many conditions", "posts", { filter: Array(201).fill("n = 1").join("||") }, 400, general],
    ["many sort fields", "posts", { sort: Array(9).fill("n").join(",") }, 400, general],
    ["a sort by an unknown field", "posts", { sort: "missing" }, 400, general],
    ["the row id of a view", "shown", { sort: "@rowid" }, 400, general],
    ["an unreadable rule", "broken", {}, 400, general],
  ])("%s", async (_name, collection, query, status, text) => {
    const reply = await fixture.list(collection, { query });
    expect(reply).toMatchObject({ status, body: { data: {}, message: text } });
  });
});

test("views are listed like tables", async () => {
  expect(await fixture.list("shown", { query: { filter: "n = 100" } })).toMatchObject({
    status: 200,
    body: { totalItems: 1, items: [{ collectionName: "shown", id: id(100), n: 100 }] },
  });
});

test("a record that its view rule hides is not found", async () => {
  expect((await fixture.view("posts", id(1))).body).toMatchObject({ id: id(1) });
  expect((await fixture.view("posts", id(100))).status).toBe(404);
  expect((await fixture.view("posts", "missing")).status).toBe(404);
  expect((await fixture.view("posts", id(100), { as })).status).toBe(200);
  expect((await fixture.view("closed", "missing")).status).toBe(403);
  expect((await fixture.view("broken", "missing")).status).toBe(404);
});
