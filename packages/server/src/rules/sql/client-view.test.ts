import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { array, assert, constantFrom, oneof, property, tuple } from "fast-check";
import type { ClientFilters } from "../../config.ts";
import { Schema } from "../../collections/model/schema.ts";
import { sql } from "../../store/sql.ts";
import { Blog, longId, type ListQuery, readTable } from "../golden/blog.ts";

setDefaultTimeout(60_000);

const { collections } = new Blog().schema;

/** The recorded blog, and a team that only users whom a guest may not list belong to. */
function blogWith(clientFilters: ClientFilters): Blog {
  const blog = new Blog(new Schema(collections, clientFilters));
  blog.all(sql`INSERT INTO teams (id, title) VALUES (${longId("t9")}, 'unseen')`);
  blog.all(sql`UPDATE users SET team = ${longId("t9")} WHERE NOT age > 10`);
  return blog;
}

/** The blog as a guest sees it: without the records that no list rule shows it, and without the emails that are hidden. */
function seenByGuest(clientFilters: ClientFilters): Blog {
  const blog = blogWith(clientFilters);
  blog.all(sql`DELETE FROM users WHERE NOT age > 10`);
  blog.all(sql`DELETE FROM labels WHERE NOT rank < 5`);
  blog.all(sql`UPDATE users SET email = '' WHERE emailVisibility = FALSE`);
  return blog;
}

const whole = blogWith("visible");
const seen = seenByGuest("visible");
const wholeOfPocketBase = blogWith("pocketbase");
const seenByPocketBase = seenByGuest("pocketbase");

/** What a guest gets, from the whole blog and from what it may see of it: equal unless the query reveals something. */
const answers = (query: Omit<ListQuery, "as" | "rule">, blogs: readonly Blog[] = [whole, seen]): readonly string[] => {
  const rule = whole.collection(query.collection).listRule ?? "";
  return blogs.map((blog) => blog.list({ ...query, rule, as: "guest" }));
};

const text = (json: string): string => String(JSON.parse(json));

describe("a client's filter and sort read only what the client may see", () => {
  test("for every filter and sort of the recorded tables", () => {
    const read = (table: string, parameter: "filter" | "sort") =>
      readTable(table).map(([, collection, value]) => ({ collection: collection!, [parameter]: text(value!) }));
    const revealing = [...read("filters.tsv", "filter"), ...read("sorts.tsv", "sort")].filter((query) => {
      const [full, reduced] = answers(query);
      return full !== reduced;
    });
    expect(revealing).toEqual([]);
  });

  test("for any filter and sort over relations and back-relations", () => {
    const path = constantFrom(
      "author.name",
      "author.email",
      "author.email:lower",
      "author.age",
      "author.id",
      "reviewers.name",
      "reviewers.email",
      "reviewers.teams.title",
      "reviewers:length",
      "labels.name",
      "labels.rank",
      "labels.id",
      "comments_via_post.text",
      "comments_via_post.by.name",
      "comments_via_post.by.email",
      "author.posts_via_author.title",
      "author.posts_via_reviewers.labels.name",
      "author.comments_via_by.text",
      "author.team.users_via_team.name",
      "author.team.users_via_team.email",
      "author.team.users_via_teams.age",
    );
    const operator = oneof(constantFrom("=", "!=", "~", "!~", "<", ">="), constantFrom("?=", "?!=", "?~", "?!~", "?>"));
    const value = constantFrom("''", "'%u%'", "'a'", "'label'", "'U1'", "20", "null", "title");
    const comparison = oneof(
      tuple(path, operator, value).map((parts) => parts.join(" ")),
      tuple(path, operator, path).map((parts) => parts.join(" ")),
      path.map((name) => `strftime('%Y', ${name}) != ''`),
      constantFrom("title != ''", "n > 1"),
    );
    const filter = array(tuple(comparison, constantFrom(" && ", " || ")), { minLength: 1, maxLength: 3 }).map((parts) =>
      parts.map(([one, joined], i) => (i === 0 ? one : joined + one)).join(""),
    );
    const sort = oneof(
      constantFrom(undefined),
      path.filter((name) => !name.includes(":")).map((name) => `-${name},id`),
    );
    assert(
      property(filter, sort, (filterText, sortText) => {
        const [full, reduced] = answers({
          collection: "posts",
          filter: filterText,
          ...(sortText !== undefined && { sort: sortText }),
        });
        expect(full).toBe(reduced);
      }),
      { numRuns: 400 },
    );
  });

  // In PocketBase the answer to each of these queries depends on what a guest can't see.
  for (const [name, query] of [
    ["a text of an unlisted record", { collection: "posts", filter: "labels.name ~ 'label'" }],
    ["a hidden email through a relation to many", { collection: "posts", filter: "reviewers.email !~ 'u3'" }],
    ["the order of hidden emails", { collection: "posts", sort: "author.email,id" }],
    ["that an unlisted record exists", { collection: "teams", filter: "users_via_team.id = '' || title != ''" }],
  ] as const) {
    test(`${name} stays unknown`, () => {
      const [full, reduced] = answers(query);
      expect(full).toBe(reduced);
      const [revealing, expected] = answers(query, [wholeOfPocketBase, seenByPocketBase]);
      expect(revealing).not.toBe(expected);
    });
  }

  test("the rule and the filter of a query still share the row of a path", () => {
    const rule = "comments_via_post.text ?= 'first'";
    const list = (score: number): string =>
      whole.list({ collection: "posts", as: "guest", rule, filter: `comments_via_post.score ?= ${score}` });
    expect([list(5), list(1)]).toEqual(["", "p1"]);
  });
});
