import { expect, test } from "bun:test";
import fc from "fast-check";
import { type Query, type Row, sql, type SqlValue, toQuery } from "../../store/sql.ts";
import { resolveRule } from "../analysis/resolve-rule.ts";
import { Blog, longId } from "../golden/blog.ts";
import type { RuleContext } from "../rule-context.ts";
import { RuleError } from "../syntax/rule-error.ts";
import { keptQuery, type LateTexts } from "./kept-queries.ts";

/** Set `HEADWATER_SEED` to reproduce a failure. */
const SEED = Number(Bun.env["HEADWATER_SEED"] ?? Date.now() % 2 ** 31);

const blog = new Blog();
const collection = blog.collection("posts");

const value = fc.constantFrom<unknown>("", "hello", "o%e", "10", 10, 0, 1.5, true, false, null, ["a", "b"], [], {
  a: 1,
});
const contexts = fc.record({
  as: fc.constantFrom("guest", "root", "u1", "u2", "u3"),
  query: fc.dictionary(fc.constantFrom("q", "n"), fc.constantFrom("", "hello", "10", "o%e", "'")),
  body: fc.dictionary(fc.constantFrom("title", "n", "tags", "reviewers", "author", "ok"), value),
});

const operand = fc.constantFrom(
  "title",
  "n",
  "author",
  "author.name",
  "reviewers.name",
  "tags:each",
  "comments_via_post.text",
  "@collection.members.user",
  "@request.auth.id",
  "@request.auth.name",
  "@request.auth.age",
  "@request.auth.team.title",
  "@request.query.q",
  "@request.query.n:lower",
  "@request.body.title",
  "@request.body.n",
  "@request.body.tags:each",
  "@request.body.tags:length",
  "@request.body.title:isset",
  "@request.body.author.name",
  "@request.body.title:changed",
  "@request.method",
  "@now",
  "'hello'",
  "10",
);
const comparison = fc
  .tuple(operand, fc.constantFrom("=", "!=", "~", "!~", "<", "?=", "?!="), operand)
  .map((parts) => parts.join(" "));
const rules = fc
  .tuple(comparison, fc.constantFrom(" && ", " || "), comparison)
  .map(([left, join, right]) => `${left}${join}${right}`);

/** A rule's statement for an id and a request: as it is kept, or built for this request alone. */
function queryOf(rule: string, as: string, context: Partial<RuleContext>, id: string, isKept: boolean): Query {
  const principal = blog.principal(as);
  const auth = principal.kind === "guest" ? undefined : principal.collection;
  const scope = { schema: blog.schema, collection, trust: "trusted", auth, isNew: false } as const;
  const full: RuleContext = {
    principal,
    context: "default",
    method: "GET",
    query: {},
    headers: {},
    body: {},
    ...context,
  };
  const build = (requesters?: LateTexts) => {
    const builder = blog.queryBuilder({ collection: "posts", as, context }, undefined, requesters);
    builder.requireOwn(sql`posts.id >= ${id}`);
    builder.requireRule(rule, "trusted");
    const { from, distinct } = builder.records();
    return sql`SELECT ${distinct ? sql`DISTINCT` : sql``} posts.id ${from}`;
  };
  if (!isKept) return toQuery(build());
  return keptQuery({ rule: resolveRule(rule, scope), use: id }, { context: full, given: id }, build);
}

function run(query: () => Query): readonly Row[] | "error" {
  try {
    return blog.run(query());
  } catch (error) {
    if (error instanceof RuleError) return "error";
    throw error;
  }
}

test(`a kept statement finds for any request what one built for it finds (HEADWATER_SEED=${SEED})`, () => {
  const id = longId("p1");
  const property = fc.property(rules, fc.array(contexts, { minLength: 2, maxLength: 8 }), (rule, requests) => {
    for (const { as, ...context } of requests) {
      expect(run(() => queryOf(rule, as, context, id, true))).toEqual(run(() => queryOf(rule, as, context, id, false)));
    }
  });
  fc.assert(property, { seed: SEED, numRuns: 1_000 });
});

test("requests whose texts alone differ share a statement", () => {
  const rule = "author = @request.auth.id && title != @request.query.q";
  const textOf = (as: string, q: string): string => queryOf(rule, as, { query: { q } }, "p1", true).text;
  const valuesOf = (as: string, q: string): readonly SqlValue[] =>
    queryOf(rule, as, { query: { q } }, "p1", true).values;
  expect(textOf("u1", "a")).toBe(textOf("u2", "b"));
  expect(valuesOf("u2", "b")).toContain("b");
  expect(valuesOf("u2", "b")).toContain(longId("u2"));
  expect(textOf("u1", "")).not.toBe(textOf("u1", "a"));
});
