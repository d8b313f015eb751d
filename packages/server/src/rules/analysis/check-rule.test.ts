import { describe, expect, test } from "bun:test";
import { collectionId } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { checkRule } from "./check-rule.ts";
import { Blog } from "../golden/blog.ts";

const { schema } = new Blog();
const posts = schema.find("posts")!;

test("the empty rule is valid", () => expect(checkRule("", posts, schema)).toBeUndefined());

describe("an invalid rule is refused with a reason and an offset", () => {
  const table: [string, string][] = [
    ["n = 1 && nope = 2", 'unknown field "nope" at offset 9'],
    ["title.x = 1", '"title" is not a relation at offset 0'],
    ["author.nope = 1", 'unknown field "nope" at offset 0'],
    ["nope_via_post.id = 1", 'unknown field or back-relation "nope_via_post" at offset 0'],
    ["comments_via_by.id = 1", 'unknown field or back-relation "comments_via_by" at offset 0'],
    ["title:upper = 'A'", 'unknown modifier ":upper" at offset 0'],
    ["@request.body.title:length = 1", '":length" does not apply to "title" at offset 0'],
    ["@request.query.a:each = 1", '":each" does not apply to "a" at offset 0'],
    ["@request.nope = 1", 'invalid name "@request.nope" at offset 0'],
    ["@collection.nope.id = 1", 'unknown collection "nope" at offset 0'],
    ["n = 1 || f(1) = 2", 'unknown function "f" at offset 9'],
    ["geoDistance(1, 2, 3) < 4", "geoDistance takes 4 arguments, not 3 at offset 0"],
    ["geoDistance(1, 2, 3, '4') < 4", "an argument of geoDistance must be a name or a number at offset 21"],
    ["strftime(at) = ''", "the format of strftime must be a text at offset 9"],
    ["strftime('%Y', strftime('%Y')) = ''", "the time of strftime can't be a function at offset 15"],
    ["strftime('%Y', at, 1) = ''", "a modifier of strftime must be a text at offset 19"],
    [`${"parent.".repeat(7)}title = 1`, "more than 6 nested relations at offset 0"],
    [Array(201).fill("n=1").join("&&"), "more than 200 comparisons at offset 1000"],
    ["data..a = 1", 'empty key in the path of "data" at offset 0'],
  ];
  test.each(table)("%s", (rule, reason) => expect(checkRule(rule, posts, schema)).toBe(reason));
});

test("fields of the requester are not checked, because each auth collection has its own", () => {
  expect(checkRule("@request.auth.nope.at.all = 1", posts, schema)).toBeUndefined();
});

test("the given collection is checked, even if the schema lacks it or has an older version", () => {
  const fresh: Collection = {
    ...posts,
    id: collectionId("fresh"),
    name: "fresh",
    fields: posts.fields.map((field) =>
      field.type === "relation" && field.name === "parent"
        ? { ...field, name: "boss", collectionId: collectionId("fresh") }
        : field,
    ),
  };
  expect(checkRule("boss.boss.title = '' && fresh_via_boss.id = ''", fresh, schema)).toBeUndefined();
  expect(checkRule("@collection.fresh.boss = ''", fresh, schema)).toBeUndefined();
  expect(checkRule("parent = ''", fresh, schema)).toContain("unknown field");
});
