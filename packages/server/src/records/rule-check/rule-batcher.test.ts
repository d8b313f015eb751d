import { describe, expect, test } from "bun:test";
import { recordId, type RecordValues } from "@headwater/protocol";
import type { Trust } from "../../rules/resolve/record-scope.ts";
import { GUEST, type Principal } from "../../rules/principal.ts";
import { type Reader, type SnapshotReader, StoreError } from "../../store/store.ts";
import { toQuery } from "../../store/sql.ts";
import { RecordFixture } from "../../testing/record-fixture.ts";
import { blankRecord } from "../model/columns.ts";
import { RuleBatcher } from "./rule-batcher.ts";
import { meetsRule } from "./check-access.ts";

const fixture = await RecordFixture.open([
  { name: "teams", type: "base", fields: [{ name: "open", type: "bool" }] },
  {
    name: "seats",
    type: "base",
    fields: [
      { name: "user", type: "text" },
      { name: "room", type: "text" },
    ],
  },
  {
    name: "tasks",
    type: "base",
    fields: [
      { name: "title", type: "text" },
      { name: "n", type: "number" },
      { name: "owner", type: "text" },
      { name: "team", type: "relation", collectionId: "teams" },
    ],
  },
]);
await fixture.addFields("teams", [{ name: "members", type: "relation", collectionId: "users", maxSelect: 99 }]);
await fixture.addFields("users", [
  { name: "score", type: "number" },
  { name: "home", type: "relation", collectionId: "teams" },
]);
await fixture.setRule("teams", "listRule", "members.id ?= @request.auth.id");
const as = fixture.superuser();

async function account(name: string, values: object = {}): Promise<Principal> {
  const body = { email: `${name}@example.com`, password: "1234567890", passwordConfirm: "1234567890", name, ...values };
  const created = await fixture.create("users", { as, body });
  return fixture.principal("users", created.body.id);
}
const idOf = (principal: Principal): string => (principal.kind === "guest" ? "" : principal.values.id);

await fixture.create("teams", { as, body: { id: "red000000000000", open: true } });
const ann = await account("ann", { score: 3, home: "red000000000000" });
const bob = await account("bob", { score: 4 });
const cyd = await account("50%_c", { score: 3 });
const dan = await account("dan", { name: "" });
await fixture.update("teams", "red000000000000", { as, body: { members: [idOf(ann), idOf(cyd)] } });
await fixture.create("seats", { as, body: { user: idOf(bob), room: "red" } });
await fixture.create("seats", { as, body: { user: idOf(cyd), room: "blue" } });

const tasks = fixture.collection("tasks");
const candidate = (id: string, values: object): RecordValues => ({
  ...blankRecord(tasks),
  id: recordId(id),
  ...values,
});
const candidates = [
  candidate("t1", { title: "red", n: 3, owner: idOf(ann), team: "red000000000000" }),
  candidate("t2", { title: "about 50%_c", n: 4, owner: idOf(bob) }),
  candidate("t3", { title: "", owner: "" }),
];
const everyone = [ann, bob, cyd, dan, GUEST, as];

/** The store, which records the statements it runs. */
class CountingReader implements SnapshotReader {
  readonly statements: string[] = [];
  failOn: string | undefined;

  readonly all: Reader["all"] = (statement) => {
    const { text, values } = toQuery(statement);
    this.statements.push(text);
    // As SQLite fails, for example, for a pattern beyond its limits.
    if (this.failOn !== undefined && JSON.stringify(values).includes(this.failOn)) {
      return Promise.reject(new StoreError("invalid", "no"));
    }
    return fixture.store.all(statement);
  };
  readonly first: Reader["first"] = async (statement) => (await this.all(statement))[0];
  readonly read: SnapshotReader["read"] = (work) => work(this);
}

const meetsAll = (batcher: RuleBatcher, rule: string, trust: Trust = "trusted"): Promise<boolean[]> =>
  Promise.all(
    candidates.flatMap((values) =>
      everyone.map((principal) =>
        batcher.meetsRule({ context: fixture.context({ as: principal }), collection: tasks, rule, values, trust }),
      ),
    ),
  );

async function meetsOneByOne(rule: string, trust: Trust = "trusted"): Promise<boolean[]> {
  const results: boolean[] = [];
  for (const values of candidates) {
    for (const principal of everyone) {
      results.push(
        await meetsRule(fixture.store, {
          context: fixture.context({ as: principal }),
          collection: tasks,
          rule,
          values,
          trust,
        }),
      );
    }
  }
  return results;
}

/**
 * The number of statements for each rule: users, superusers and guests need one each if the rule resolves differently for
 * them, and so do requesters with another kind of value.
 */
const RULES: readonly [rule: string, statements: number][] = [
  ["title = 'red'", 0],
  ["missing = 1", 0],
  ["team.members.id ?= @request.auth.id", 3],
  ["team.members.id ?= @request.auth.id || owner = @request.auth.id", 3],
  ["team.members.id = @request.auth.id", 3],
  ["team.members.score ?= @request.auth.score", 3],
  ["team.open = true && @request.auth.id != ''", 3],
  ["@collection.seats.user ?= @request.auth.id && @collection.seats.room ?= title", 3],
  ["@request.auth.home.open = true && title != ''", 1],
  ["@request.auth.home.members.id ?= owner", 1],
  ["title ~ @request.auth.name && (team = '' || team.open = true)", 3],
  ["team.members.name ?~ @request.auth.name", 3],
  ["@request.auth.name:lower = team.members.name:lower", 3],
  ["team.members.email ?= @request.auth.email || @request.auth.verified = team.open", 3],
  ["@request.auth.collectionName = 'users' && team.open = true", 3],
];

describe("a rule is evaluated for all requesters at once, with the same results as one by one", () => {
  test.each(RULES)("%s in %p statements", async (rule, statements) => {
    const reader = new CountingReader();
    expect(await meetsAll(new RuleBatcher(reader), rule)).toEqual(await meetsOneByOne(rule));
    expect(reader.statements).toHaveLength(statements);
  });

  test("for each requester, a client's filter only reaches records that their list rules show", async () => {
    const filter = "team.open = true";
    const results = await meetsAll(new RuleBatcher(fixture.store), filter, "client");
    expect(results).toEqual(await meetsOneByOne(filter, "client"));
    expect(results.filter(Boolean)).toHaveLength(2);
  });

  test("each rule gives different results for different requesters", async () => {
    for (const [rule, statements] of RULES) {
      if (statements === 0) continue;
      expect([rule, new Set(await meetsOneByOne(rule)).size]).toEqual([rule, 2]);
    }
  });
});

test("a requester whose values make the statement fail doesn't cost the others their results", async () => {
  const reader = new CountingReader();
  reader.failOn = idOf(cyd);
  const rule = "team.members.id ?= @request.auth.id";
  const expected = (await meetsOneByOne(rule)).map((met, i) => met && everyone[i % everyone.length] !== cyd);
  expect(await meetsAll(new RuleBatcher(reader), rule)).toEqual(expected);
});

test("checks that arrive while a statement runs go into the next one", async () => {
  const reader = new CountingReader();
  const batcher = new RuleBatcher(reader);
  const rule = "team.members.id ?= @request.auth.id";
  const check = (principal: Principal, values: RecordValues): Promise<boolean> =>
    batcher.meetsRule({
      context: fixture.context({ as: principal }),
      collection: tasks,
      rule,
      values,
      trust: "trusted",
    });
  const first = check(ann, candidates[0]!);
  await Promise.resolve();
  const others = await Promise.all([
    first,
    check(ann, candidates[1]!),
    check(bob, candidates[0]!),
    check(cyd, candidates[0]!),
  ]);
  expect(others).toEqual([true, false, false, true]);
  expect(reader.statements.length).toBeLessThanOrEqual(2);
});
