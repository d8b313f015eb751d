import { describe, expect, test } from "bun:test";
import { collectionId } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { checkRule } from "./check-rule.ts";
import { Blog } from "../golden/blog.ts";

const { schema } = new Blog();
const posts = schema.find("posts")!;

test("the empty rule is valid", () => expect(checkRule("", posts, schema)).toBeUndefined());

describe("an invalid rule is refused in PocketBase's words", () => {
  const table: [string, string][] = [
    ["n = 1 && nope = 2", 'invalid left operand "nope" - unknown field "nope"'],
    ["title.x = 1", 'invalid left operand "title.x" - field "title" is not a valid relation'],
    ["author.nope = 1", 'invalid left operand "author.nope" - unknown field "nope"'],
    [
      "nope_via_post.id = 1",
      'invalid left operand "nope_via_post.id" - failed to load back relation field "nope_via_post" collection',
    ],
    [
      "comments_via_by.id = 1",
      'invalid left operand "comments_via_by.id" - invalid collection reference of a back relation field "by"',
    ],
    ["title:upper = 'A'", 'invalid left operand "title:upper" - unknown modifier in "title:upper"'],
    [
      "@request.body.title:length = 1",
      `invalid left operand "@request.body.title:length" - field "title" doesn't support multivalue operations`,
    ],
    ["@request.query.a:each = 1", 'invalid left operand "@request.query.a:each" - invalid modifier sequence a:each'],
    ["@request.nope = 1", 'invalid left operand "@request.nope" - failed to resolve field "@request.nope"'],
    [
      "@collection.nope.id = 1",
      'invalid left operand "@collection.nope.id" - failed to load collection "nope" from field path "@collection.nope.id"',
    ],
    ["n = 1 || f(1) = 2", 'invalid left operand "f" - unknown function "f"'],
    ["geoDistance(1, 2, 3) < 4", 'invalid left operand "geoDistance" - [geoDistance] expected 4 arguments, got 3'],
    [
      "geoDistance(1, 2, 3, '4') < 4",
      'invalid left operand "geoDistance" - [geoDistance] argument 3 must be an identifier or number',
    ],
    [
      "strftime(at) = ''",
      'invalid left operand "strftime" - [strftime] expects the first argument to be a format string',
    ],
    [
      "strftime('%Y', strftime('%Y')) = ''",
      'invalid left operand "strftime" - [strftime] expects the second argument to be of a valid time-value type',
    ],
    [
      "strftime('%Y', at, 1) = ''",
      'invalid left operand "strftime" - [strftime] invalid modifier argument 0 - can be only string',
    ],
    [
      `${"parent.".repeat(7)}title = 1`,
      'invalid left operand "parent.parent.parent.parent.parent.parent.parent.title" - max nested relations reached for field "parent"',
    ],
    [Array(201).fill("n=1").join("&&"), "max filter expressions limit reached"],
    ["data..a = 1", 'invalid left operand "data..a" - empty key in the path of "data"'],
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
