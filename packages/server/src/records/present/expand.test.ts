import { describe, expect, test } from "bun:test";
import { sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { PASSWORD, RecordFixture } from "../../testing/record-fixture.ts";
import { AnswerBudget } from "./answer-limits.ts";
import { expandRecords } from "./expand.ts";
import type { PresentedRecord } from "./presented-record.ts";
import { parseExpand } from "./expand-paths.ts";
import { findRecords } from "../query/find-record.ts";

const fixture = await RecordFixture.open([
  { name: "vaults", type: "base", fields: [{ name: "code", type: "text" }] },
  {
    name: "people",
    type: "auth",
    viewRule: "name != 'ghost'",
    fields: [
      { name: "name", type: "text" },
      { name: "vault", type: "relation", collectionId: "vaults" },
    ],
  },
  {
    name: "posts",
    type: "base",
    viewRule: "",
    fields: [
      { name: "author", type: "relation", collectionId: "people" },
      { name: "readers", type: "relation", collectionId: "people", maxSelect: 9 },
    ],
  },
  {
    name: "comments",
    type: "base",
    viewRule: "@request.context = 'expand'",
    fields: [
      { name: "post", type: "relation", collectionId: "posts" },
      { name: "author", type: "relation", collectionId: "people" },
    ],
  },
  {
    name: "covers",
    type: "base",
    viewRule: "",
    fields: [{ name: "post", type: "relation", collectionId: "posts" }],
    indexes: ["CREATE UNIQUE INDEX idx_cover ON covers (post)"],
  },
]);
await fixture.addFields("posts", [{ name: "parent", type: "relation", collectionId: "posts" }]);

const as = fixture.superuser();
const id = (name: string): string => name.padEnd(15, "0");
const passwords = { password: PASSWORD, passwordConfirm: PASSWORD };
await fixture.create("vaults", { as, body: { id: id("vault") } });
for (const name of ["ann", "bob", "ghost"]) {
  const body = { id: id(name), name, vault: id("vault"), email: `${name}@example.com`, ...passwords };
  await fixture.create("people", { as, body });
}
await fixture.create("posts", {
  as,
  body: { id: id("post1"), author: id("ann"), readers: ["bob", "ghost", "ann"].map(id) },
});
await fixture.create("posts", { as, body: { id: id("post2"), author: id("ghost"), parent: id("post1") } });
await fixture.update("posts", id("post1"), { as, body: { parent: id("post2") } });
for (const name of ["c1", "c2"]) {
  await fixture.create("comments", { as, body: { id: id(name), post: id("post1"), author: id("bob") } });
}
await fixture.create("covers", { as, body: { id: id("cover"), post: id("post1") } });

interface Expanded {
  readonly id: string;
  readonly expand?: Readonly<Record<string, Expanded | readonly Expanded[]>>;
}

/** The expanded part alone: `{ author: "ann" }`, lists as lists, nested ones below the id. */
function shape(expand: Expanded["expand"]): unknown {
  if (expand === undefined) return undefined;
  const one = (record: Expanded): unknown => {
    const name = record.id.replace(/0+$/, "");
    return record.expand ? { [name]: shape(record.expand) } : name;
  };
  return Object.fromEntries(
    Object.entries(expand).map(([key, value]) => [key, "id" in value ? one(value) : value.map(one)]),
  );
}

describe("expand", () => {
  test.each<[string, string, unknown]>([
    ["a single relation is an object", "author", { author: "ann" }],
    ["a multiple relation is a list in its order, without hidden records", "readers", { readers: ["bob", "ann"] }],
    ["a back-relation is a list", "comments_via_post", { comments_via_post: ["c1", "c2"] }],
    ["a unique back-relation is an object", "covers_via_post", { covers_via_post: "cover" }],
    ["the old syntax works", "comments(post)", { "comments(post)": ["c1", "c2"] }],
    [
      "paths can have several parts",
      "comments_via_post.author",
      { comments_via_post: [{ c1: { author: "bob" } }, { c2: { author: "bob" } }] },
    ],
    ["spaces and extra dots are ignored", " .author. , readers ", { author: "ann", readers: ["bob", "ann"] }],
    ["paths can have common parts", "parent.author,parent.parent", { parent: { post2: { parent: "post1" } } }],
    ["unknown names are ignored", "missing,author", { author: "ann" }],
    ["an unknown name alone adds no `expand`", "missing", undefined],
    ["an unknown name makes its whole path invalid", "author.missing", undefined],
    [
      "other paths of the same relation stay valid",
      "parent.missing,parent.parent",
      { parent: { post2: { parent: "post1" } } },
    ],
    ["a collection for superusers only is like an unknown name", "author.vault", undefined],
    ["a field that is no relation", "id", undefined],
  ])("%s", async (_name, expand, expected) => {
    const { body } = await fixture.view("posts", id("post1"), { query: { expand } });
    expect(shape(body.expand)).toEqual(expected);
  });

  test("a valid path to hidden records gives an empty `expand`", async () => {
    const { body } = await fixture.view("posts", id("post2"), { query: { expand: "author" } });
    expect(body.expand).toEqual({});
  });

  test("superusers see all related records", async () => {
    const { body } = await fixture.view("posts", id("post1"), { as, query: { expand: "readers.vault" } });
    expect(shape(body.expand)).toEqual({
      readers: ["bob", "ghost", "ann"].map((name) => ({ [name]: { vault: "vault" } })),
    });
  });

  test("paths end after six parts", async () => {
    const expand = Array(8).fill("parent").join(".");
    const { body } = await fixture.view("posts", id("post1"), { query: { expand } });
    expect(JSON.stringify(body).match(/"parent":\{/g)?.length).toBe(6);
  });

  test("emails of related accounts stay hidden, except one's own", async () => {
    const ann = await fixture.principal("people", id("ann"));
    const { body } = await fixture.view("posts", id("post1"), { as: ann, query: { expand: "readers" } });
    expect(body.expand.readers.map((reader: { email?: string }) => reader.email)).toEqual([
      undefined,
      "ann@example.com",
    ]);
  });
});

test("each part takes one query, however many records there are", async () => {
  const collection = fixture.collection("posts");
  const records = await findRecords(fixture.store, collection, sql`TRUE`);
  const shown = records.map((values): PresentedRecord => ({ collection, values, showsEmail: true }));
  let queries = 0;
  const counting: Reader = {
    all: (statement) => ((queries += 1), fixture.store.all(statement)),
    first: (statement) => ((queries += 1), fixture.store.first(statement)),
  };
  const expansion = { reader: counting, context: fixture.context(), budget: new AnswerBudget() };
  await expandRecords(expansion, shown, parseExpand("author,readers,parent.parent"));
  expect(queries).toBe(4);
});
