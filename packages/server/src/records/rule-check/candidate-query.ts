import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { Requesters, REQUESTERS } from "../../rules/sql/requesters.ts";
import { CollectionQueryBuilder } from "../../rules/sql/collection-query-builder.ts";
import type { RecordScope } from "../../rules/resolve/record-scope.ts";
import type { RuleContext } from "../../rules/rule-context.ts";
import { keptQuery, type QueryInput } from "../../rules/sql/kept-queries.ts";
import type { RequestTexts } from "../../rules/sql/request-texts.ts";
import { resolveRule } from "../../rules/analysis/resolve-rule.ts";
import { keepQuery, late, type Query, type Sql, sql, toQuery, withInput } from "../../store/sql.ts";
import { type Column } from "../model/columns.ts";
import type { FieldOperand } from "../../rules/resolve/condition.ts";
import { type ValueTyping, candidateColumns, candidateRow, valueOf } from "./candidate-row.ts";
import { allOf } from "../query/select-records.ts";
import { type RowOverride, overrideTables } from "./row-override.ts";

/** Values to evaluate a rule on, in place of a stored record. */
export interface Candidate {
  readonly values: RecordValues;
  readonly typing: ValueTyping;
}

/** A rule, and what it is evaluated with. */
export interface RuleInScope {
  /** Not empty. */
  readonly rule: string;
  readonly scope: RecordScope;
  readonly context: RuleContext;
  readonly now: Date;
}

/** The name of the table of candidates. No collection's name starts with "@". */
const CANDIDATES = "@record";
/** Its column with the candidate's index. */
const INDEX_COLUMN = "@index";
const INDEX = sql.id(CANDIDATES, INDEX_COLUMN);

/**
 * A statement that returns a row if the candidate meets the rule.
 *
 * @throws RuleError for text that is no rule of the collection
 */
export function candidateQuery({ rule, scope, context, now }: RuleInScope, { values, typing }: Candidate): Query {
  const { schema, collection, trust, isNew } = scope;
  const build = (requesters?: RequestTexts): Sql => {
    const table = { name: CANDIDATES, isNew };
    const query = new CollectionQueryBuilder({ schema, collection, context, requesters, now, table });
    const where = allOf([query.condition(rule, trust), ...query.extraConditions]);
    const row = sql`SELECT ${candidateColumns(collection, givenValue, typing)}, 0 AS ${sql.id(INDEX_COLUMN)}`;
    return sql`WITH ${sql.id(CANDIDATES)} AS (${row}) SELECT 1 FROM ${sql.id(CANDIDATES)} ${query.joins} WHERE ${where} LIMIT 1`;
  };
  const input: CandidateInput = { context, given: values };
  // A client's filter may read list rules, whose statements depend on more of the request.
  if (trust === "client") return withInput(keepQuery<CandidateInput>(build()), input);
  return keptQuery({ rule: resolveRule(rule, scope), use: `candidate ${typing}` }, input, build);
}

type CandidateInput = QueryInput<RecordValues>;

const givenValue = (column: Column): Sql => late(({ given }: CandidateInput) => valueOf(column, given));

/** A statement that evaluates a rule on several candidates for several requesters. */
export interface CandidatesQuery {
  /** Returns a row for each pair that meets the rule: `candidate` and `requester` are indexes. */
  readonly statement: Query;
  /** Does the statement serve this requester? It serves the first one, and all others with the same SQL. */
  readonly fits: (context: RuleContext) => boolean;
}

/**
 * One statement for all candidates and for as many of the requesters as the SQL allows. Its `requester` is an index among
 * the requesters that fit.
 *
 * @param contexts of the requesters, at least one
 * @param overrides related records to read with these values instead of the stored ones
 * @throws RuleError for text that is no rule of the collection
 */
export function candidatesQuery(
  { rule, scope, now }: Omit<RuleInScope, "context">,
  candidates: readonly RecordValues[],
  contexts: readonly RuleContext[],
  overrides: readonly RowOverride[] = [],
): CandidatesQuery {
  const { schema, collection, trust } = scope;
  const [context] = contexts as [RuleContext];
  const requesters = new Requesters(context);
  const query = new CollectionQueryBuilder({
    schema,
    collection,
    context,
    requesters,
    now,
    table: { name: CANDIDATES },
  });
  const where = allOf([query.condition(rule, trust), ...query.extraConditions]);
  const from = requesters.from(sql.id(CANDIDATES), query.joins);
  const fits = (other: RuleContext): boolean => requesters.isValidFor(other);
  const tables = [
    candidateTable(collection, candidates, "stored"),
    requesters.table(contexts.filter(fits)),
    ...overrideTables(overrides),
  ];
  const statement = sql`WITH ${sql.join(tables)} SELECT DISTINCT ${INDEX} AS candidate, ${requesters.key} AS requester FROM ${from} WHERE ${where}`;
  const sizes = { [CANDIDATES]: candidates.length, [REQUESTERS]: contexts.length };
  return { statement: { ...toQuery(statement), sizes }, fits };
}

/**
 * A statement that returns `candidate`, an index, and `value` for each value that the operand has for the candidate.
 *
 * @param overrides as for `candidatesQuery`
 */
export function routingValuesQuery(
  operand: FieldOperand,
  { scope, context, now }: Omit<RuleInScope, "rule">,
  candidates: readonly RecordValues[],
  overrides: readonly RowOverride[],
): Sql {
  const { schema, collection } = scope;
  const query = new CollectionQueryBuilder({ schema, collection, context, now, table: { name: CANDIDATES } });
  const value = query.value(operand);
  const tables = [candidateTable(collection, candidates, "stored"), ...overrideTables(overrides)];
  return sql`WITH ${sql.join(tables)} SELECT DISTINCT ${INDEX} AS candidate, ${value} AS value FROM ${sql.id(CANDIDATES)} ${query.joins}`;
}

/** The candidates as a common table expression with the collection's columns. */
function candidateTable(collection: Collection, candidates: readonly RecordValues[], typing: ValueTyping): Sql {
  const rows = candidates.map(
    (values, index) => sql`SELECT ${candidateRow(collection, values, typing)}, ${index} AS ${sql.id(INDEX_COLUMN)}`,
  );
  return sql`${sql.id(CANDIDATES)} AS (${sql.join(rows, " UNION ALL ")})`;
}
