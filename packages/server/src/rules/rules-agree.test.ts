import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { recordId } from "@headwater/protocol";
import fc from "fast-check";
import { collectionFromRow } from "../collections/model/collection-row.ts";
import { Schema } from "../collections/model/schema.ts";
import { candidateQuery } from "../records/rule-check/candidate-query.ts";
import { type SqlValue, toQuery } from "../store/sql.ts";
import { type RuleCase, ruleCases } from "../testing/rule-cases.ts";
import { GUEST } from "./principal.ts";
import type { RecordScope } from "./resolve/record-scope.ts";
import { resolvePredicate } from "./analysis/resolve-rule.ts";

const NOW = new Date("2026-11-21T10:00:00Z");
/** Set `HEADWATER_SEED` to reproduce a failure. */
const SEED = Number(Bun.env["HEADWATER_SEED"] ?? Date.now() % 2 ** 31);
const CASES = 10_000;

const database = new Database(":memory:");
const results = { match: 0, noMatch: 0, undecided: 0 };

function scopeOf({ schema, collection, trust, context: { principal } }: RuleCase): RecordScope {
  const auth = principal.kind === "guest" ? undefined : principal.collection;
  return { schema, collection, trust, auth, isNew: false };
}

function matchesInSql(ruleCase: RuleCase): boolean {
  const candidate = { values: ruleCase.values, typing: "stored" } as const;
  const inputs = { rule: ruleCase.rule, scope: scopeOf(ruleCase), context: ruleCase.context, now: NOW };
  const { text, values } = toQuery(candidateQuery(inputs, candidate));
  const statement = database.prepare<unknown, SqlValue[]>(text);
  try {
    return statement.get(...values) !== null;
  } catch (error) {
    // A statement that SQLite refuses matches nothing.
    if (error instanceof Error && "code" in error && error.code === "SQLITE_ERROR") return false;
    throw error;
  } finally {
    statement.finalize();
  }
}

test(`a rule's predicate and its SQL agree on every record (HEADWATER_SEED=${SEED})`, () => {
  const property = fc.property(ruleCases, (ruleCase) => {
    const predicate = resolvePredicate(ruleCase.rule, scopeOf(ruleCase))?.(ruleCase.values, ruleCase.context, NOW);
    results[predicate === undefined ? "undecided" : predicate ? "match" : "noMatch"] += 1;
    if (predicate !== undefined) expect(predicate).toBe(matchesInSql(ruleCase));
  });
  fc.assert(property, { seed: SEED, numRuns: CASES });
  // Cases that all had the same result would prove little.
  expect(results.match).toBeGreaterThan(CASES / 10);
  expect(results.noMatch).toBeGreaterThan(CASES / 10);
  expect(results.undecided).toBeLessThan(CASES / 10);
}, 300_000);

const FIELDS = [
  { id: "1", name: "title", type: "text" },
  { id: "2", name: "n", type: "number" },
  { id: "3", name: "tags", type: "select", maxSelect: 3 },
];
const notes = collectionFromRow({ id: "pbc_notes", name: "notes", type: "base", fields: JSON.stringify(FIELDS) });

test.each([
  ["@request.body.tags:each = 'a'", true],
  ["title = @request.body.tags:length", false],
  ["n:lower = '0.0'", true],
  ["n:lower = '0'", false],
  ["9007199254740992 = @request.query.n", true],
  ["title != n", true],
])("random cases seldom cover %p, which is %p", (rule, expected) => {
  const values = { id: recordId("r"), title: "2", n: -0, tags: [] };
  const context = { principal: GUEST, context: "default", method: "GET", query: { n: "9007199254740992" } } as const;
  const ruleCase: RuleCase = {
    schema: new Schema([notes]),
    collection: notes,
    values,
    context: { ...context, headers: {}, body: { tags: ["a", null] } },
    trust: "trusted",
    rule,
  };
  expect(resolvePredicate(rule, scopeOf(ruleCase))?.(values, ruleCase.context, NOW)).toBe(expected);
  expect(matchesInSql(ruleCase)).toBe(expected);
});
