import { describe, expect, test } from "bun:test";
import { type Sql, sql } from "../../store/sql.ts";
import { Blog, NOW } from "../golden/blog.ts";
import { RuleError } from "../syntax/rule-error.ts";
import { TableQueryBuilder } from "./table-query-builder.ts";

const blog = new Blog();
const scope = new TableQueryBuilder({
  table: "posts",
  columns: ["id", "title", "n", "at"],
  jsonColumns: ["data"],
  now: NOW,
});

const ids = (where: Sql, order: Sql = sql`id`): string =>
  blog
    .all(sql`SELECT id FROM posts WHERE ${where} ORDER BY ${order}`)
    .map(({ id }) => String(id).slice(0, 2))
    .join(" ");

test("a filter compares columns, paths into json columns, macros and functions", () => {
  expect(ids(scope.filter("n > 1 && title != ''"))).toBe("p2 p5 p6 p7");
  expect(ids(scope.filter("data.a = 1 || data.2.k = 'v'"))).toBe("p1 p2");
  expect(ids(scope.filter("at > @yearStart || strftime('%Y', at) = '2023'"))).toBe("p2");
});

test("NULL equals the empty text in a column, but not in a json path", () => {
  expect(ids(scope.filter("title = null"))).toBe("p3");
  expect(ids(scope.filter("data.a = ''"))).toBe("");
});

test("a sort allows the same columns", () => {
  expect(ids(sql`n > 1`, scope.order("-n,@rowid"))).toBe("p6 p5 p7 p2");
  expect(scope.order("")).toBeUndefined();
});

describe("everything else is refused", () => {
  const table = [
    "data = 1",
    "ok = 1",
    "author.name = 1",
    "title:lower = 'a'",
    "data.a:lower = 'a'",
    "@request.auth.id = ''",
  ];
  test.each(table)("%s", (filter) => expect(() => scope.filter(filter)).toThrow(RuleError));
  test.each(["ok", "null", "@now", "title:lower", "title;"])("sort by %s", (sort) =>
    expect(() => scope.order(sort)).toThrow(RuleError),
  );
});
