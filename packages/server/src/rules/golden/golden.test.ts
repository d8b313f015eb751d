import { describe, expect, test } from "bun:test";
import { checkRule } from "../analysis/check-rule.ts";
import { type ListQuery, Blog, readTable } from "./blog.ts";

/**
 * What PocketBase 0.40.6 returned for the database of `blog.sql`, as ids or `error`. The columns of a table are the
 * requester, the query with texts as JSON, and the result.
 */
const blog = new Blog();

interface Case {
  readonly query: ListQuery;
  readonly expected: string;
}

/** All differences, so that one run shows the full extent of a fault. */
const wrong = (cases: readonly Case[]): object[] =>
  cases
    .map(({ query, expected }) => ({ ...query, expected, got: blog.list(query) }))
    .filter(({ expected, got }) => got !== expected);

const text = (json: string): string => String(JSON.parse(json));

describe("a list returns the records that PocketBase returns", () => {
  const cases = readTable("filters.tsv").map(([as, collection, filter, expected]): Case => {
    const rule = blog.collection(collection!).listRule ?? "";
    return { query: { collection: collection!, as: as!, rule, filter: text(filter!) }, expected: expected! };
  });
  for (const [collection, group] of Map.groupBy(cases, ({ query }) => query.collection)) {
    test(`for ${group.length} filters of ${collection}`, () => expect(wrong(group)).toEqual([]));
  }

  const sorts = readTable("sorts.tsv").map(([as, collection, sort, expected]): Case => {
    const rule = blog.collection(collection!).listRule ?? "";
    return { query: { collection: collection!, as: as!, rule, sort: text(sort!) }, expected: expected! };
  });
  test(`in the order of ${sorts.length} sorts`, () => expect(wrong(sorts)).toEqual([]));
});

describe("a rule allows what PocketBase allows", () => {
  const rules = readTable("rules.tsv");
  const context = {
    query: { q: "hello", n: "10", num: "10", empty: "", pat: "o%e", date: "2024-02-02" },
    headers: { x_token: "T" },
  };

  test("for a list of records", () => {
    const cases = rules
      .filter(([as]) => as !== "")
      .map(([as, rule, expected]): Case => {
        return { query: { collection: "posts", as: as!, rule: text(rule!), context }, expected: expected! };
      });
    expect(wrong(cases)).toEqual([]);
  });

  test("for an update with a body", () => {
    const cases = readTable("bodies.tsv").map(([as, rule, body, expected]): Case => {
      const request = { body: JSON.parse(body!), method: "PATCH", context: "batch" as const };
      return { query: { collection: "posts", as: as!, rule: text(rule!), context: request }, expected: expected! };
    });
    expect(wrong(cases)).toEqual([]);
  });

  test("when a collection is saved", () => {
    const posts = blog.collection("posts");
    for (const [as, rule] of rules) {
      const isRule = checkRule(text(rule!), posts, blog.schema) === undefined;
      expect({ rule, isRule }).toEqual({ rule, isRule: as !== "" });
    }
  });
});
