import { describe, expect, test } from "bun:test";
import { type Sql, sql, toQuery } from "../../store/sql.ts";
import { type ListQuery, Blog, readTable } from "../golden/blog.ts";
import { RuleError } from "../syntax/rule-error.ts";

const blog = new Blog();

/** The ids of the posts that a superuser's filter finds. */
const posts = (filter: string): string => blog.list({ collection: "posts", as: "root", filter });
const list = (query: Partial<ListQuery>): string => blog.list({ collection: "posts", as: "guest", ...query });
const builder = (as = "guest") => blog.queryBuilder({ collection: "posts", as });
const textOf = (filter: string): string => toQuery(builder().condition(filter, "trusted")).text;

describe("NULL and the empty text", () => {
  test("are equal for a relation that leads nowhere", () => {
    expect(posts("author.name = ''")).toBe("p3 p4 p7");
    expect(posts("author.name = null")).toBe("p3 p4 p7");
    expect(posts("author.name != 'U1'")).toBe("p2 p3 p4 p7");
  });

  test("differ in json", () => {
    expect(posts("data = null")).toBe("p3");
    expect(posts("data = ''")).toBe("");
    expect(posts("data.b.d = null && data.a = 1")).toBe("p1");
  });

  test("differ from zero", () => {
    expect(posts("n = ''")).toBe("");
    expect(posts("n = 0 && ok = false")).toBe("p3");
  });
});

describe("numbers", () => {
  test("are floats: 1 does not equal the text 1", () => {
    expect(posts("title = 1")).toBe("");
    expect(posts("title = '1'")).toBe("p4");
    expect(posts("n = '1'")).toBe("p1");
  });

  test("are written without a fraction in a pattern", () => expect(posts("title ~ 1.0")).toBe("p2 p4 p7"));
});

describe("many values", () => {
  test("match if there is at least one and all match", () => {
    expect(posts("reviewers.name = 'U1'")).toBe("p5 p7");
    expect(posts("reviewers.name ?= 'U1'")).toBe("p1 p4 p5 p7");
    expect(posts("tags:each = 'a'")).toBe("p2 p7");
  });

  test("a multi relation with no ids is one NULL row", () => {
    expect(posts("reviewers.name != 'U1' && reviewers:length = 0")).toBe("p3");
    expect(posts("reviewers.age > 0 && reviewers:length = 0")).toBe("");
  });

  test("on both sides are compared in all pairs", () => {
    expect(posts("reviewers.id = reviewers.id")).toBe("p2 p3 p5 p7");
    expect(posts("reviewers.id ?= reviewers.id")).toBe("p1 p2 p3 p4 p5 p6 p7");
  });

  test("a back-relation through a unique index is one value", () => {
    expect(textOf("author.profiles_via_user.bio = 'hi'")).not.toContain("EXISTS");
    expect(textOf("comments_via_post.text = 'x'")).toContain("EXISTS");
  });

  test("a text in a list column is a list of one", () => {
    expect(posts("tags:length = 1 && tags = 'a'")).toBe("p7");
    expect(posts("tags:each = 'a' && title = '10'")).toBe("p7");
  });
});

describe("joins", () => {
  test("a path named twice leads to the same row", () => {
    expect(posts("comments_via_post.text ?= 'first' && comments_via_post.score ?= 5")).toBe("");
    expect(posts("comments_via_post.text ?= 'second' && comments_via_post.score ?= 5")).toBe("p1");
  });

  test("the rule and the filter of a query share the row of a path", () => {
    const rule = "comments_via_post.text ?= 'first'";
    expect(list({ rule, filter: "comments_via_post.score ?= 5" })).toBe("");
    expect(list({ rule, filter: "comments_via_post.score ?= 1" })).toBe("p1");
  });

  test("@collection leads to the same row too, unless aliases tell them apart", () => {
    const members = "@collection.members.user ?= author && @collection.members.role ?=";
    expect(posts(`${members} 'owner'`)).toBe("p1 p5 p6");
    expect(posts("@collection.members:a.user ?= author && @collection.members:b.role ?= 'owner'")).toBe("p1 p2 p5 p6");
  });

  test("the same alias on two collections names two rows", () => {
    expect(posts("@collection.members:x.role ?= 'owner' && @collection.labels:x.name ?= 'label l1' && n = 1")).toBe(
      "p1",
    );
  });

  test("make a query distinct only if they may repeat a row", () => {
    const isDistinct = (filter: string, collection = "posts"): boolean => {
      const query = blog.queryBuilder({ collection, as: "root" });
      query.condition(filter, "trusted");
      return query.distinct;
    };
    expect(isDistinct("title = 'x'")).toBe(false);
    expect(isDistinct("author.name = 'x' && author.profiles_via_user.bio = ''")).toBe(false);
    expect(isDistinct("reviewers.name ?= 'x'")).toBe(true);
    expect(isDistinct("kind:each = 'x'")).toBe(true);
    expect(isDistinct("comments_via_post.id ?= 'x'")).toBe(true);
    expect(isDistinct("@collection.v.id ?= 'x'")).toBe(true);
    expect(isDistinct("title = 'x'", "v")).toBe(false);
    expect(isDistinct("author.name = 'x'", "v")).toBe(true);
  });

  test("that may repeat a row are looked through for each record, unless an index leads back from them", () => {
    const isExists = (rule: string): boolean => {
      const query = builder();
      query.requireRule(rule, "trusted");
      return toQuery(query.records().from).text.includes("WHERE EXISTS");
    };
    expect(isExists("reviewers.name ?= 'x'")).toBe(true);
    expect(isExists("reviewers.name ?= 'x' && author.name = 'x'")).toBe(true);
    expect(isExists("@collection.v.id ?= 'x'")).toBe(true);
    expect(isExists("author.name = 'x'")).toBe(false);
    expect(isExists("comments_via_post.id ?= 'x'")).toBe(false);
    expect(isExists("reviewers.name ?= 'x' && comments_via_post.id ?= 'x'")).toBe(false);
  });

  test("give the same records in the same order as distinct joined rows, for every recorded filter", () => {
    const ids = (statement: Sql): string =>
      blog
        .all(statement)
        .map(({ id }) => String(id))
        .join();
    const table = sql.id("posts");
    let looked = 0;
    for (const [as, collection, json] of readTable("filters.tsv")) {
      if (collection !== "posts") continue;
      const filter = String(JSON.parse(json!));
      const trust = as === "root" ? "trusted" : "client";
      const [one, other] = [builder(as), builder(as)];
      try {
        one.requireFilter(filter, trust);
      } catch {
        continue;
      }
      const { from, distinct, order } = one.records();
      if (order === undefined) continue;
      looked += 1;
      const where = sql.join([other.filter(filter, trust), ...other.extraConditions], " AND ");
      const joined = sql`SELECT DISTINCT ${table}.* FROM ${table}${other.joins} WHERE ${where}`;
      expect(distinct).toBe(false);
      expect([filter, ids(sql`SELECT ${table}.* ${from} ORDER BY ${order}`)]).toEqual([filter, ids(joined)]);
    }
    expect(looked).toBeGreaterThan(100);
  });

  test("the id of a single relation needs no join", () => {
    const query = builder();
    query.condition("author.id = 'x'", "trusted");
    expect(toQuery(sql`${query.joins}`).text).toBe("");
  });
});

describe("a client", () => {
  test("can't use a hidden field anywhere in a path", () => {
    for (const filter of [
      "secret = 's1'",
      "hiddenrel.name = 'x'",
      "author.password != ''",
      "comments_via_secretpost.id != ''",
    ]) {
      expect([filter, list({ filter })]).toEqual([filter, "error"]);
    }
    expect(list({ sort: "secret" })).toBe("error");
    expect(list({ rule: "secret = 's1'" })).toBe("p1");
  });

  test("can't reach a collection without a list rule", () => {
    expect(list({ filter: "vault.title = 's1'" })).toBe("error");
    expect(list({ sort: "vault.title" })).toBe("error");
    expect(list({ rule: "vault.title = 's1'" })).toBe("p1");
    expect(list({ filter: "vault != ''" })).toBe("p1 p6");
  });

  test("matches related records only if their list rule allows; a missing relation hides nothing", () => {
    // u3 is too young for the list rule of users.
    expect(list({ filter: "author.name = ''" })).toBe("p3 p7");
    expect(posts("author.name = ''")).toBe("p3 p4 p7");
  });

  test("a list rule of a related record has its own joins", () => {
    const listRule = "@collection.members.user ?= id && @collection.members.role ?= 'owner'";
    const users = { ...blog.collection("users"), listRule };
    const other = new Blog(blog.schema.with(users));
    const query = {
      collection: "posts",
      as: "guest",
      rule: "@collection.members.role ?= 'guest'",
      filter: "author.age > 0",
    };
    expect(other.list(query)).toBe("p1 p5 p6");
  });

  test("matches an email only if it is public", () => {
    expect(list({ filter: "author.email ~ 'example'" })).toBe("p1 p5 p6");
    expect(blog.list({ collection: "users", as: "u2", filter: "email ~ 'example'" })).toBe("u1 u3");
  });
});

describe("the requester", () => {
  test("a guest's fields equal NULL and the empty text", () => {
    expect(list({ rule: "@request.auth.id != ''" })).toBe("");
    expect(list({ rule: "@request.auth.team.title = ''" })).toBe("p1 p2 p3 p4 p5 p6 p7");
  });

  test("fields other than the loaded ones are read from the database", () => {
    const other = new Blog();
    const user = other.principal("u1");
    other.all(sql`UPDATE users SET age = 77, email = 'new@example.com' WHERE id = 'u10000000000000'`);
    const rule = (text: string) =>
      other.list({ collection: "posts", as: "u1", rule: text, context: { principal: user } });
    expect(rule("@request.auth.age = 77 && n = 1")).toBe("p1");
    expect(rule("@request.auth.email = 'u1@example.com' && n = 1")).toBe("p1");
  });

  test("a field that the auth collection lacks is NULL", () => {
    expect(list({ as: "u1", rule: "@request.auth.nope = null && n = 1" })).toBe("p1");
    expect(list({ as: "u1", rule: "@request.auth.nope_via_user.id = null && n = 1" })).toBe("p1");
  });

  test("a path that is invalid for one auth collection fails only for its records", () => {
    const rule = "@request.auth.name.x = ''";
    expect(list({ rule })).toBe("p1 p2 p3 p4 p5 p6 p7");
    expect(list({ as: "u1", rule })).toBe("error");
  });
});

describe("another row source", () => {
  const holds = (rule: string, isNew: boolean): boolean => {
    const query = blog.queryBuilder({ collection: "posts", as: "u1" }, { name: "@candidate", isNew });
    const condition = query.condition(rule, "trusted");
    const candidate = sql`SELECT 'fresh' AS id, 'T' AS title, 'u10000000000000' AS author, '["u10000000000000","u20000000000000"]' AS reviewers, '["a"]' AS tags, 'p10000000000000' AS parent`;
    const from = sql`${sql.id("@candidate")} ${query.joins}`;
    return (
      blog.all(sql`WITH ${sql.id("@candidate")} AS (${candidate}) SELECT 1 FROM ${from} WHERE ${condition}`).length > 0
    );
  };

  test("provides the values, while related records come from the database", () => {
    expect(holds("title = 'T' && id = 'fresh'", false)).toBe(true);
    expect(holds("author.name = 'U1' && author = @request.auth.id", false)).toBe(true);
    expect(holds("reviewers.name ?= 'U2' && reviewers.name != 'U3'", false)).toBe(true);
    expect(holds("reviewers.name = 'U2'", false)).toBe(false);
    expect(holds("tags:each = 'a' && tags:length = 1", false)).toBe(true);
    expect(holds("parent.title = 'one'", false)).toBe(true);
    expect(holds("@collection.posts.id ?= id", false)).toBe(false);
    expect(holds("comments_via_post.id = ''", false)).toBe(true);
  });

  test("of a new record allows no back-relation from it", () => {
    expect(() => holds("comments_via_post.id = ''", true)).toThrow(RuleError);
    expect(holds("parent.comments_via_post.text ?= 'first'", true)).toBe(true);
  });
});

describe("limits", () => {
  test("allow 200 comparisons in a rule or filter", () => {
    expect(posts(Array(200).fill("n=1").join("||"))).toBe("p1");
    expect(posts(Array(201).fill("n=1").join("||"))).toBe("error");
  });

  test("allow 3500 bytes in a filter, and do not apply to a rule", () => {
    const of = (bytes: number): string => `n=1||n=1//${"é".repeat((bytes - 10) / 2)}`;
    expect(posts(of(3500))).toBe("p1");
    expect(posts(of(3502))).toBe("error");
    expect(list({ rule: of(3502) })).toBe("p1");
  });

  test("allow 8 fields of 255 characters in a sort", () => {
    expect(list({ sort: "id,id,id,id,id,id,id,id" })).not.toBe("error");
    expect(list({ sort: "id,id,id,id,id,id,id,id,id" })).toBe("error");
    expect(list({ sort: "x".repeat(256) })).toBe("error");
  });
});
