import { expect, test } from "bun:test";
import { referencedColumns } from "./referenced-columns.ts";

const TABLES = new Set(["posts", "members"]);

test.each([
  ['SELECT "posts".* FROM "posts" WHERE "posts"."id" = ?', {}],
  [
    'SELECT "posts"."body" FROM "posts" WHERE "posts"."a" = +? AND "posts"."b" > 1 ORDER BY "posts"."c" DESC LIMIT 3',
    { posts: { compared: ["a", "b"], sorted: ["c"] } },
  ],
  [
    'SELECT DISTINCT "posts".* FROM "posts" LEFT JOIN "members" AS "members#1" ON "members#1"."post" = "posts"."id" WHERE "members#1"."user" = ?',
    { members: { compared: ["post", "user"], sorted: [] } },
  ],
  ['SELECT 1 FROM "others" WHERE "others"."a" = 1', {}],
])("the columns of %p", (text, expected) => {
  expect(Object.fromEntries(referencedColumns(text, TABLES))).toEqual(expected);
});
