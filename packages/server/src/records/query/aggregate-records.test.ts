import { expect, test } from "bun:test";
import fc from "fast-check";
import { ApiError } from "../../lib/api-error.ts";
import { GUEST, type Principal } from "../../rules/principal.ts";
import { type Row, sql, verbatim } from "../../store/sql.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { type AggregatePage, aggregateRecords } from "./aggregate-records.ts";

const fixture = await RecordFixture.open([
  {
    name: "authors",
    listRule: "name != 'hidden'",
    fields: [
      { type: "text", name: "name" },
      { type: "number", name: "age" },
      { type: "text", name: "secret", hidden: true },
    ],
  },
  { name: "tags", listRule: "", fields: [{ type: "text", name: "label" }] },
  {
    name: "items",
    listRule: "status != 'draft'",
    fields: [
      { type: "text", name: "title" },
      { type: "number", name: "price" },
      { type: "select", name: "status", values: ["draft", "new", "sold"] },
      { type: "select", name: "colours", values: ["red", "blue", "green"], maxSelect: 3 },
      { type: "bool", name: "flag" },
      { type: "date", name: "due" },
      { type: "json", name: "meta" },
      { type: "relation", name: "author", collectionId: "authors", maxSelect: 1 },
      { type: "relation", name: "tags", collectionId: "tags", maxSelect: 5 },
    ],
  },
  { name: "sums", fields: [{ type: "number", name: "n" }] },
  { name: "people", type: "auth", listRule: "", fields: [{ type: "text", name: "city" }] },
  { name: "titles", type: "view", viewQuery: "SELECT id, title, price FROM items", listRule: "" },
]);
const root = fixture.superuser();
const create = async (name: string, body: object): Promise<string> =>
  (await fixture.create(name, { as: root, body: { ...body } })).body.id;

const authors: string[] = [];
for (const [name, age] of [
  ["ann", 30],
  ["bob", 41],
  ["ann", 52],
  ["hidden", 7],
  ["", 0],
] as const) {
  authors.push(await create("authors", { name, age, secret: name }));
}
const tags: string[] = [];
for (const label of ["a", "b", "b", ""]) tags.push(await create("tags", { label }));
const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % (list.length + 1)];
for (let n = 0; n < 120; n += 1) {
  await create("items", {
    title: pick(["x", "y", "Z"], n * 7) ?? "",
    price: [1, 2.5, 0, -3, 1e6, 0.1][n % 6],
    status: pick(["draft", "new", "sold"], n >> 2),
    colours: ["red", "blue", "green"].filter((_, at) => (n >> at) % 2 === 1),
    flag: n % 3 === 0,
    due: n % 4 === 0 ? "" : `2026-0${1 + (n % 9)}-01 10:00:00.000Z`,
    meta: [null, { n: n % 5 }, { n: `t${n % 2}` }, [n], "text"][n % 5],
    author: pick(authors, n * 3) ?? "",
    tags: tags.filter((_, at) => (n >> at) % 2 === 0),
  });
}

const run = (query: Readonly<Record<string, string>>, as: Principal = root, name = "items"): Promise<AggregatePage> =>
  fixture.store.read((reader) =>
    aggregateRecords(reader, fixture.context({ as, query }), fixture.collection(name), query),
  );
const refusal = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => (error instanceof ApiError ? { status: error.status, data: error.data } : error),
  );

/** What may be named, and the SQL that a person would write for it. */
interface Expression {
  readonly path: string;
  readonly sql: string;
  readonly use: "group" | "number" | "any";
  readonly joins: readonly ("author" | "tag" | "colour")[];
}
const META = "CASE WHEN json_type(i.meta) = 'object' THEN json_extract(i.meta, '$.n') END";
const EXPRESSIONS: readonly Expression[] = [
  { path: "price", sql: "i.price", use: "number", joins: [] },
  { path: "status", sql: "i.status", use: "any", joins: [] },
  { path: "title", sql: "i.title", use: "any", joins: [] },
  { path: "title:lower", sql: "lower(i.title)", use: "any", joins: [] },
  { path: "flag", sql: "i.flag", use: "number", joins: [] },
  { path: "due", sql: "i.due", use: "any", joins: [] },
  { path: "author", sql: "i.author", use: "any", joins: [] },
  { path: "author.id", sql: "i.author", use: "group", joins: [] },
  { path: "author.name", sql: "a.name", use: "any", joins: ["author"] },
  { path: "author.age", sql: "a.age", use: "number", joins: ["author"] },
  { path: "meta.n", sql: META, use: "any", joins: [] },
  { path: "tags:length", sql: "json_array_length(i.tags)", use: "number", joins: [] },
  { path: "tags.label", sql: "t.label", use: "group", joins: ["tag"] },
  { path: "colours:each", sql: "c.value", use: "group", joins: ["colour"] },
];
const JOINS = {
  author: "LEFT JOIN authors a ON a.id = i.author",
  tag: "LEFT JOIN json_each(i.tags) e LEFT JOIN tags t ON t.id = e.value",
  colour: "LEFT JOIN json_each(i.colours) c",
};
const FILTERS = [
  ["", "1"],
  ["price > 1", "i.price > 1"],
  ["status = 'new' || flag = true", "i.status = 'new' OR i.flag = 1"],
  ["tags.label ?= 'b'", "EXISTS (SELECT 1 FROM json_each(i.tags) x JOIN tags y ON y.id = x.value WHERE y.label = 'b')"],
  ["author = ''", "i.author = ''"],
] as const;

const expression = (isAllowed: (use: Expression["use"]) => boolean) =>
  fc.constantFrom(...EXPRESSIONS.filter(({ use }) => isAllowed(use)));
const call = fc.oneof(
  fc.constant({ text: "count", sql: () => "count(*)", of: undefined }),
  fc
    .tuple(
      fc.constantFrom("sum", "avg"),
      fc.boolean(),
      expression((use) => use === "number"),
    )
    .map(([name, distinct, of]) => ({
      text: `${name}(${distinct ? "distinct " : ""}${of.path})`,
      sql: (value: string) => `${name}(${distinct ? "DISTINCT " : ""}${value})`,
      of,
    })),
  fc
    .tuple(
      fc.constantFrom("count", "min", "max"),
      fc.boolean(),
      expression((use) => use !== "group"),
    )
    .map(([name, distinct, of]) => ({
      text: `${name}(${distinct ? "distinct " : ""}${of.path})`,
      sql: (value: string) => `${name}(${distinct ? "DISTINCT " : ""}NULLIF(${value}, ''))`,
      of,
    })),
);
const aggregateQuery = fc.record({
  groups: fc.uniqueArray(fc.constantFrom(...EXPRESSIONS), { maxLength: 3, selector: ({ path }) => path }),
  values: fc.uniqueArray(call, { minLength: 1, maxLength: 4, selector: ({ text }) => text }),
  filter: fc.constantFrom(...FILTERS),
  least: fc.option(fc.integer({ min: 0, max: 12 })),
  asGuest: fc.boolean(),
  descending: fc.boolean(),
});

const toText = (value: unknown): string => {
  if (value === null || value === undefined || value === "") return String(value ?? null);
  const number = typeof value === "boolean" ? Number(value) : value;
  return typeof number === "number" ? number.toPrecision(12) : JSON.stringify(number);
};

test("500 generated queries equal plain SQL", async () => {
  await fc.assert(
    fc.asyncProperty(aggregateQuery, async ({ groups, values, filter, least, asGuest, descending }) => {
      const used = new Set([...groups, ...values.flatMap(({ of }) => (of ? [of] : []))].flatMap(({ joins }) => joins));
      const conditions = [`(${filter[1]})`];
      if (asGuest) conditions.push("i.status != 'draft'");
      if (asGuest && used.has("author")) conditions.push("(i.author = '' OR a.name != 'hidden')");
      const columns = [
        ...groups.map((group, at) => `${group.sql} AS g${at}`),
        ...values.map(({ of }, at) => `${of?.sql ?? "1"} AS v${at}`),
      ];
      const rows = `SELECT DISTINCT i.id, ${columns.join(", ")} FROM items i ${[...used].map((join) => JOINS[join]).join(" ")} WHERE ${conditions.join(" AND ")}`;
      const selected = [
        ...groups.map((_, at) => `g${at}`),
        ...values.map((value, at) => `${value.sql(`v${at}`)} AS s${at}`),
      ];
      const by = groups.length > 0 ? `GROUP BY ${groups.map((_, at) => `g${at}`).join(", ")}` : "";
      const having = least === null ? "" : `HAVING s0 >= ${least}`;
      const plain = `SELECT ${selected.join(", ")} FROM (${rows}) ${by} ${having}`;
      const expected = (await fixture.store.all(sql`${verbatim(plain)}`)).map((row: Row) =>
        [...groups.map((_, at) => row[`g${at}`]), ...values.map((_, at) => row[`s${at}`])].map(toText).join("|"),
      );

      const keys = [...groups.map(({ path }) => path), ...values.map(({ text }) => text)];
      const query = {
        select: values.map(({ text }) => text).join(","),
        groupBy: groups.map(({ path }) => path).join(","),
        filter: filter[0],
        having: least === null ? "" : `${values[0]!.text} >= ${least}`,
        sort: `${descending ? "-" : ""}${values[0]!.text}`,
        perPage: "1000",
      };
      const page = await run(query, asGuest ? GUEST : root);
      const actual = page.items.map((item) => keys.map((key) => toText(item[key])).join("|"));
      expect({ query, rows: actual.toSorted() }).toEqual({ query, rows: expected.toSorted() });
      expect(page.totalItems).toBe(expected.length);
    }),
    { numRuns: 500 },
  );
});

test("pages of groups don't overlap, and count them all", async () => {
  const query = { select: "count,total:sum(price)", groupBy: "title,status", sort: "-count", perPage: "4" };
  const all = await run({ ...query, perPage: "1000" });
  const pages = [];
  for (let page = 1; page <= 5; page += 1) pages.push(await run({ ...query, page: String(page) }));
  expect(pages.flatMap(({ items }) => items)).toEqual([...all.items].slice(0, 20));
  expect(pages.map(({ totalItems, totalPages }) => [totalItems, totalPages])).toEqual(
    pages.map(() => [all.totalItems, Math.ceil(all.totalItems / 4)]),
  );
  expect((await run({ ...query, skipTotal: "1" })).totalItems).toBe(-1);
  expect(Object.keys(all.items[0]!)).toEqual(["title", "status", "count", "total"]);
});

test("no records: a count of 0 and no values; no groups", async () => {
  const filter = "title = 'nothing'";
  const select = "count,sum(price),avg(price),min(due),max(due),count(distinct status)";
  expect((await run({ select, filter })).items).toEqual([
    {
      count: 0,
      "sum(price)": null,
      "avg(price)": null,
      "min(due)": null,
      "max(due)": null,
      "count(distinct status)": 0,
    },
  ]);
  expect(await run({ select, filter, groupBy: "status" })).toMatchObject({ items: [], totalItems: 0, totalPages: 0 });
  expect((await run({})).items).toEqual([{ count: 120 }]);
});

test("values have the types of their fields, and large sums are exact", async () => {
  const [first] = (await run({ select: "min(due),max(flag)", groupBy: "flag,colours", sort: "flag,colours" })).items;
  expect(first).toEqual({
    flag: false,
    colours: expect.any(Array),
    "min(due)": expect.any(String),
    "max(flag)": false,
  });
  await create("sums", { n: 9007199254740991 });
  await create("sums", { n: 2 });
  expect((await run({ select: "sum(n),max(n)" }, root, "sums")).items).toEqual([
    { "sum(n)": "9007199254740993", "max(n)": 9007199254740991 },
  ]);
  await fixture.store.write((tx) => tx.run(sql`UPDATE sums SET n = 9223372036854775807`));
  expect((await run({ select: "total:sum(n)", having: "total > 1" }, root, "sums")).items).toEqual([
    { total: 2 ** 64 },
  ]);
});

test("a view is aggregated like any collection", async () => {
  expect((await run({ select: "count,sum(price)" }, GUEST, "titles")).items).toEqual(
    (await run({ select: "count,sum(price)" })).items,
  );
});

test("nobody reads more than a list shows", async () => {
  expect(await refusal(run({}, GUEST, "sums"))).toMatchObject({ status: 403 });
  expect(await refusal(run({ filter: "@collection.sums.n ?= 1" }, GUEST))).toMatchObject({ status: 403 });
  const hidden = await refusal(run({ groupBy: "author.secret" }, GUEST));
  expect(hidden).toMatchObject({ status: 400, data: { groupBy: { code: "validation_invalid_aggregate" } } });
  const missing = await refusal(run({ groupBy: "author.nothing" }, GUEST));
  expect(JSON.stringify(missing).replace("nothing", "secret")).toBe(JSON.stringify(hidden));
  expect((await run({ groupBy: "author.secret" })).totalItems).toBeGreaterThan(1);
  for (const groupBy of ["password", "tokenKey", "@request.auth.id", "@rowid"]) {
    expect(await refusal(run({ groupBy }, root, "people"))).toMatchObject({ status: 400 });
  }
});

test("an email that is not public groups as none, also where filters read it", async () => {
  for (const [at, emailVisibility] of [true, false].entries()) {
    const account = { email: `p${at}@example.com`, password: "1234567890", passwordConfirm: "1234567890" };
    await create("people", { ...account, emailVisibility, city: "x" });
  }
  expect((await run({ groupBy: "email" }, GUEST, "people")).items).toEqual([
    { email: null, count: 1 },
    { email: "p0@example.com", count: 1 },
  ]);
  expect((await run({ groupBy: "email" }, root, "people")).totalItems).toBe(2);
});

test.each<[string, Readonly<Record<string, string>>, string]>([
  ["an unknown function", { select: "median(price)" }, "select"],
  ["a sum of nothing", { select: "sum()" }, "select"],
  ["a sum of texts", { select: "sum(title)" }, "select"],
  ["a value of many records", { select: "sum(tags.label)" }, "select"],
  ["the least of lists", { select: "min(colours)" }, "select"],
  ["the same twice", { select: "count,count" }, "select"],
  ["an open bracket", { select: "count(" }, "select"],
  ["no field", { groupBy: "a b" }, "groupBy"],
  ["a condition on a field that is no group", { having: "title = 'x'" }, "having"],
  ["an order by a field that is no group", { sort: "title" }, "sort"],
])("%s is refused", async (_, query, parameter) => {
  expect(await refusal(run(query))).toMatchObject({ status: 400, data: { [parameter]: {} } });
});

test("a quoted text in a condition is left alone", async () => {
  const { items } = await run({ groupBy: "title", select: "count", having: "title != 'count' && (count > 1)" });
  expect(items.length).toBeGreaterThan(1);
});
