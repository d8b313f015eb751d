import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { Requesters } from "../../rules/sql/requesters.ts";
import { QueryScope } from "../../rules/sql/collection-query-builder.ts";
import type { RecordScope } from "../../rules/resolve/record-scope.ts";
import type { RuleContext } from "../../rules/rule-context.ts";
import { type Sql, sql } from "../../store/sql.ts";
import type { FieldOperand } from "../../rules/resolve/condition.ts";
import { type Given, candidateRow } from "./candidate-row.ts";
import { allOf } from "../query/select-records.ts";
import { type RowOverride, overrideTables } from "./row-override.ts";

/** Values that a rule is asked about, instead of those of a table. */
export interface Candidate {
  readonly values: RecordValues;
  readonly as: Given;
}

/** No collection's name starts like this. */
const IMAGE = "@record";
/** Which of the images a row is. */
const PLACE_COLUMN = "@place";
const PLACE = sql.id(IMAGE, PLACE_COLUMN);

/**
 * A statement that gives a row if the image meets the rule.
 *
 * @param rule not empty
 * @throws RuleError for text that is no rule of the collection
 */
export function candidateQuery(
  rule: string,
  { schema, collection, trust, isNew }: RecordScope,
  { values, as }: Candidate,
  context: RuleContext,
  now: Date,
): Sql {
  const scope = new QueryScope({ schema, collection, context, now, table: { name: IMAGE, isNew } });
  const condition = scope.condition(rule, trust);
  const where = allOf([condition, ...scope.extraConditions]);
  const table = candidateTable(collection, [values], as);
  return sql`WITH ${table} SELECT 1 FROM ${sql.id(IMAGE)} ${scope.joins} WHERE ${where} LIMIT 1`;
}

/** A statement that asks about several images for several askers. */
export interface ManyStatement {
  /** Gives `image` and `asker`, their places among the images and among those it asks for, for each pair that meets it. */
  readonly statement: Sql;
  /** Does it ask for this one? For the first it does, and for all for whom the same statement is right. */
  readonly fits: (context: RuleContext) => boolean;
}

/**
 * One statement for all images, and for as many of the askers as it can be.
 *
 * @param contexts at least one
 * @param standIns related records that the rule finds as they are here, not as they are stored
 * @throws RuleError as `imageStatement`
 */
export function manyStatement(
  rule: string,
  { schema, collection, trust }: RecordScope,
  images: readonly RecordValues[],
  contexts: readonly RuleContext[],
  now: Date,
  standIns: readonly RowOverride[] = [],
): ManyStatement {
  const [context] = contexts as [RuleContext];
  const askers = new Requesters(context);
  const scope = new QueryScope({ schema, collection, context, askers, now, table: { name: IMAGE } });
  const where = allOf([scope.condition(rule, trust), ...scope.extraConditions]);
  const from = askers.from(sql.id(IMAGE), scope.joins);
  const fits = (asking: RuleContext): boolean => askers.fits(asking);
  const tables = [
    candidateTable(collection, images, "stored"),
    askers.table(contexts.filter(fits)),
    ...overrideTables(standIns),
  ];
  return {
    statement: sql`WITH ${sql.join(tables)} SELECT DISTINCT ${PLACE} AS image, ${askers.key} AS asker FROM ${from} WHERE ${where}`,
    fits,
  };
}

/**
 * Gives `image`, the place of one, and `value` for each value that the operand has of it.
 *
 * @param standIns as for `manyStatement`
 */
export function valuesStatement(
  operand: FieldOperand,
  { schema, collection }: RecordScope,
  images: readonly RecordValues[],
  context: RuleContext,
  now: Date,
  standIns: readonly RowOverride[],
): Sql {
  const scope = new QueryScope({ schema, collection, context, now, table: { name: IMAGE } });
  const value = scope.value(operand);
  const tables = [candidateTable(collection, images, "stored"), ...overrideTables(standIns)];
  return sql`WITH ${sql.join(tables)} SELECT DISTINCT ${PLACE} AS image, ${value} AS value FROM ${sql.id(IMAGE)} ${scope.joins}`;
}

/** The images as a common table expression with the collection's columns. */
function candidateTable(collection: Collection, images: readonly RecordValues[], as: Given): Sql {
  const rows = images.map(
    (values, place) => sql`SELECT ${candidateRow(collection, values, as)}, ${place} AS ${sql.id(PLACE_COLUMN)}`,
  );
  return sql`${sql.id(IMAGE)} AS (${sql.join(rows, sql` UNION ALL `)})`;
}
