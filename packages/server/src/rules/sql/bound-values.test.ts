import { expect, test } from "bun:test";
import fc from "fast-check";
import { sql, toQuery } from "../../store/sql.ts";
import { Blog } from "../golden/blog.ts";

const blog = new Blog();

/** Marked, so that the statement can't contain it by chance. */
const marked = fc.string({ unit: "grapheme", maxLength: 20 }).map((rest) => `mark${rest}`);
const quoted = marked.map((value) => `'${value.replace(/[\\']/g, (character) => `\\${character}`)}'`);
const operand = fc.constantFrom(
  "title",
  "data.a",
  "tags:each",
  "title:lower",
  "author.name",
  "reviewers.name",
  "comments_via_post.text",
  "@collection.members.role",
  "@request.auth.teams.title",
  "@request.body.text",
  "@request.body.tags:each",
  "@request.body.reviewers.name",
  "@request.query.q",
);
const operator = fc.constantFrom("=", "!=", "~", "!~", "<", ">=", "?=", "?!~");
const comparison = fc.oneof(
  fc.tuple(operand, operator, quoted),
  fc.tuple(quoted, operator, operand),
  fc.tuple(
    fc.tuple(quoted, quoted).map(([format, modifier]) => `strftime(${format}, at, ${modifier})`),
    operator,
    quoted,
  ),
);
const filter = fc
  .array(fc.tuple(comparison, fc.constantFrom("&&", "||")), { minLength: 1, maxLength: 4 })
  .map((parts) =>
    parts.map(([[left, is, right], join], index) => `${index > 0 ? join : ""} ${left} ${is} ${right}`).join(" "),
  );

test("every value of a filter or request is bound, never part of the SQL text", () => {
  fc.assert(
    fc.property(filter, marked, (text, value) => {
      const builder = blog.queryBuilder({
        collection: "posts",
        as: "u1",
        context: {
          query: { q: value },
          body: { text: value, tags: [value], reviewers: [value, "u10000000000000"] },
        },
      });
      const condition = builder.condition(text, "trusted");
      const statement = sql`SELECT posts.id FROM posts${builder.joins} WHERE ${condition}`;
      expect(toQuery(statement).text).not.toContain("mark");
      blog.all(statement);
    }),
    { numRuns: 500 },
  );
});
