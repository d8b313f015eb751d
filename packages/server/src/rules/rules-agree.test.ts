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
/** `HEADWATER_SEED` runs the cases of a failure again. */
const SEED = Number(Bun.env["HEADWATER_SEED"] ?? Date.now() % 2 ** 31);
const CASES = 10_000;

const database = new Database(":memory:");
const answers = { yes: 0, no: 0, none: 0 };

function scopeOf({ schema, collection, trust, context: { principal } }: RuleCase): RecordScope {
  const auth = principal.kind === "guest" ? undefined : principal.collection;
  return { schema, collection, trust, auth, isNew: false };
}

function bySql(asked: RuleCase): boolean {
  const image = { values: asked.values, as: "stored" } as const;
  const { text, values } = toQuery(candidateQuery(asked.rule, scopeOf(asked), image, asked.context, NOW));
  const statement = database.prepare<unknown, SqlValue[]>(text);
  try {
    return statement.get(...values) !== null;
  } catch (error) {
    // What SQLite refuses to run is met by none.
    if (error instanceof Error && "code" in error && error.code === "SQLITE_ERROR") return false;
    throw error;
  } finally {
    statement.finalize();
  }
}

test(`a rule's predicate and its SQL agree on every record (HEADWATER_SEED=${SEED})`, () => {
  const property = fc.property(ruleCases, (asked) => {
    const predicate = resolvePredicate(asked.rule, scopeOf(asked))?.(asked.values, asked.context, NOW);
    answers[predicate === undefined ? "none" : predicate ? "yes" : "no"] += 1;
    if (predicate !== undefined) expect(predicate).toBe(bySql(asked));
  });
  fc.assert(property, { seed: SEED, numRuns: CASES });
  // Cases that all have one answer would prove little.
  expect(answers.yes).toBeGreaterThan(CASES / 10);
  expect(answers.no).toBeGreaterThan(CASES / 10);
  expect(answers.none).toBeLessThan(CASES / 10);
}, 60_000);

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
])("what chance seldom makes: %p is %p", (rule, expected) => {
  const values = { id: recordId("r"), title: "2", n: -0, tags: [] };
  const context = { principal: GUEST, context: "default", method: "GET", query: { n: "9007199254740992" } } as const;
  const asked: RuleCase = {
    schema: new Schema([notes]),
    collection: notes,
    values,
    context: { ...context, headers: {}, body: { tags: ["a", null] } },
    trust: "trusted",
    rule,
  };
  expect(resolvePredicate(rule, scopeOf(asked))?.(values, asked.context, NOW)).toBe(expected);
  expect(bySql(asked)).toBe(expected);
});
