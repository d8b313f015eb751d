import { describe, expect, test } from "bun:test";
import { checkRule } from "../analysis/check-rule.ts";
import { type Ask, Blog, readTable } from "./blog.ts";

/**
 * What PocketBase 0.40.6 answered over the database of `blog.sql`, as ids or `error`. The columns of a table are who
 * asked, then what was asked with texts as JSON, then the answer.
 */
const blog = new Blog();

interface Case {
  readonly ask: Ask;
  readonly expected: string;
}

/** All that differ, so that one run shows the whole extent of a fault. */
const wrong = (cases: readonly Case[]): object[] =>
  cases
    .map(({ ask, expected }) => ({ ...ask, expected, got: blog.list(ask) }))
    .filter(({ expected, got }) => got !== expected);

const text = (json: string): string => String(JSON.parse(json));

describe("what PocketBase lists", () => {
  const cases = readTable("filters.tsv").map(([as, collection, filter, expected]): Case => {
    const rule = blog.collection(collection!).listRule ?? "";
    return { ask: { collection: collection!, as: as!, rule, filter: text(filter!) }, expected: expected! };
  });
  for (const [collection, group] of Map.groupBy(cases, ({ ask }) => ask.collection)) {
    test(`${group.length} filters of ${collection}`, () => expect(wrong(group)).toEqual([]));
  }

  const sorts = readTable("sorts.tsv").map(([as, collection, sort, expected]): Case => {
    const rule = blog.collection(collection!).listRule ?? "";
    return { ask: { collection: collection!, as: as!, rule, sort: text(sort!) }, expected: expected! };
  });
  test(`in the order of ${sorts.length} sorts`, () => expect(wrong(sorts)).toEqual([]));
});

describe("what PocketBase's rules let pass", () => {
  const rules = readTable("rules.tsv");
  const context = {
    query: { q: "hello", n: "10", num: "10", empty: "", pat: "o%e", date: "2024-02-02" },
    headers: { x_token: "T" },
  };

  test("of records that are listed", () => {
    const cases = rules
      .filter(([as]) => as !== "")
      .map(([as, rule, expected]): Case => {
        return { ask: { collection: "posts", as: as!, rule: text(rule!), context }, expected: expected! };
      });
    expect(wrong(cases)).toEqual([]);
  });

  test("of records that are updated with a body", () => {
    const cases = readTable("bodies.tsv").map(([as, rule, body, expected]): Case => {
      const request = { body: JSON.parse(body!), method: "PATCH", context: "batch" as const };
      return { ask: { collection: "posts", as: as!, rule: text(rule!), context: request }, expected: expected! };
    });
    expect(wrong(cases)).toEqual([]);
  });

  test("into a collection", () => {
    const posts = blog.collection("posts");
    for (const [as, rule] of rules) {
      const isRule = checkRule(text(rule!), posts, blog.schema) === undefined;
      expect({ rule, isRule }).toEqual({ rule, isRule: as !== "" });
    }
  });
});
