import { describe, expect, test } from "bun:test";
import { recordId, type RecordValues } from "@headwater/protocol";
import type { Reader } from "../../store/store.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { blankRecord } from "../model/columns.ts";
import { meetsRule } from "./check-access.ts";

const fixture = await RecordFixture.open([
  { name: "teams", type: "base", listRule: "open = true", fields: [{ name: "open", type: "bool" }] },
  {
    name: "tasks",
    type: "base",
    fields: [
      { name: "title", type: "text" },
      { name: "n", type: "number" },
      { name: "done", type: "bool" },
      { name: "labels", type: "select", values: ["a", "b"], maxSelect: 2 },
      { name: "team", type: "relation", collectionId: "teams" },
      { name: "data", type: "json" },
      { name: "secret", type: "text", hidden: true },
    ],
  },
]);
const as = fixture.superuser();
await fixture.create("teams", { as, body: { id: "team00000000000", open: true } });
await fixture.create("teams", { as, body: { id: "closed000000000", open: false } });
const tasks = fixture.collection("tasks");
const candidate: RecordValues = {
  ...blankRecord(tasks),
  id: recordId("gone00000000000"),
  title: "1",
  n: 1,
  labels: ["a", "b"],
  team: "team00000000000",
  data: { a: 1 },
  secret: "s",
};

describe("a record that isn't stored", () => {
  test.each<[string | null, boolean]>([
    ["", true],
    [null, false],
    ["id = 'gone00000000000'", true],
    ["n = '1'", true],
    ["n > 1", false],
    ["title = '1'", true],
    ["title = 1", false],
    ["done = false", true],
    ["labels:length = 2 && labels:each != 'c'", true],
    ["labels ?~ 'a'", true],
    ["team.open = true", true],
    ["data.a = 1", true],
    ["@request.auth.id = ''", true],
    ["missing = 1", false],
    ["n = ", false],
  ])("meets %p: %p", async (rule, expected) => {
    expect(
      await meetsRule(fixture.store, { context: fixture.context(), collection: tasks, rule: rule, values: candidate }),
    ).toBe(expected);
  });

  test.each([
    ["secret = 's'", true, false],
    ["team.open = true", true, true],
  ])("%p is %p as a rule and %p as a client's filter", async (text, trusted, client) => {
    expect(
      await meetsRule(fixture.store, {
        context: fixture.context(),
        collection: tasks,
        rule: text,
        values: candidate,
        trust: "trusted",
      }),
    ).toBe(trusted);
    expect(
      await meetsRule(fixture.store, {
        context: fixture.context(),
        collection: tasks,
        rule: text,
        values: candidate,
        trust: "client",
      }),
    ).toBe(client);
  });
});

/** The store, which counts the statements it runs. */
class CountingReader implements Reader {
  statements = 0;

  readonly all: Reader["all"] = (statement) => {
    this.statements += 1;
    return fixture.store.all(statement);
  };
  readonly first: Reader["first"] = (statement) => {
    this.statements += 1;
    return fixture.store.first(statement);
  };
}

describe("statements", () => {
  test.each([
    ["title = '1' && (n > 0 || done = true)", 0],
    ["id = @request.auth.id || @request.auth.collectionName = 'people'", 0],
    ["title ~ 'a' || title !~ n", 0],
    ["labels:each = 'a' || labels:each ?= 'b' || labels:length > 1", 0],
    ["data.a = 1 && data.b.0 = null", 0],
    ["title:lower = '1' && team = 'team00000000000'", 0],
    ["@now > '2026' && @request.query.q:isset = false && @request.body.n:changed = false", 0],
    ["missing = 1", 0],
    ["n = ", 0],
    ["team.id = 'team00000000000'", 0],
    ["n ~ '2' || '1' = data.a", 0],
    ["team.open = true", 1],
    ["title = '1' || team.open = true", 1],
    ["team.tasks_via_team.n > 0", 1],
    ["@collection.teams.open ?= true", 1],
    ["strftime('%Y', '2026-01-01') = '2026'", 1],
    ["geoDistance(1, 2, 3, n) > 1", 1],
  ])("for %p: %p", async (rule, statements) => {
    const reader = new CountingReader();
    await meetsRule(reader, { context: fixture.context(), collection: tasks, rule: rule, values: candidate });
    expect(reader.statements).toBe(statements);
  });

  test("one for a value that a predicate can't evaluate", async () => {
    const reader = new CountingReader();
    expect(
      await meetsRule(reader, {
        context: fixture.context(),
        collection: tasks,
        rule: "n ~ '.1'",
        values: { ...candidate, n: 0.1 },
      }),
    ).toBe(true);
    expect(
      await meetsRule(reader, {
        context: fixture.context(),
        collection: tasks,
        rule: "n ~ '.5'",
        values: { ...candidate, n: 0.5 },
      }),
    ).toBe(true);
    expect(reader.statements).toBe(1);
  });

  test("one for fields of an account that aren't loaded", async () => {
    const reader = new CountingReader();
    await meetsRule(reader, {
      context: fixture.context({ as }),
      collection: tasks,
      rule: "@request.auth.verified = true",
      values: candidate,
    });
    expect(reader.statements).toBe(0);
    await meetsRule(reader, {
      context: fixture.context({ as }),
      collection: tasks,
      rule: "@request.auth.created != ''",
      values: candidate,
    });
    expect(reader.statements).toBe(1);
  });
});

test("a client's filter reaches related records only as their list rule allows", async () => {
  const closed = { ...candidate, team: "closed000000000" };
  const filter = "team.id != '' && team.open = false";
  expect(
    await meetsRule(fixture.store, {
      context: fixture.context(),
      collection: tasks,
      rule: filter,
      values: closed,
      trust: "trusted",
    }),
  ).toBe(true);
  expect(
    await meetsRule(fixture.store, {
      context: fixture.context(),
      collection: tasks,
      rule: filter,
      values: closed,
      trust: "client",
    }),
  ).toBe(false);
});

test("for a stored record the result is that of the list rule", async () => {
  const { body } = await fixture.create("tasks", { as, body: { title: "t", n: 3, labels: ["b"], data: [1] } });
  const { ["collectionId"]: _id, ["collectionName"]: _name, ...values } = body;
  for (const rule of [
    "n = 3",
    "n = '3'",
    "title > 's'",
    "labels = '[\"b\"]'",
    "data = '[1]'",
    "data = null",
    "team = ''",
  ]) {
    const listed = await fixture.list("tasks", { as, query: { filter: `(${rule}) && id = '${body.id}'` } });
    expect([
      rule,
      await meetsRule(fixture.store, { context: fixture.context(), collection: tasks, rule: rule, values: values }),
    ]).toEqual([rule, listed.body.totalItems === 1]);
  }
});
