import type { RecordValues } from "@headwater/protocol";
import { affinityOf } from "../rules/affinity.ts";
import { Askers } from "../rules/askers.ts";
import { QueryScope } from "../rules/query-scope.ts";
import type { RecordScope } from "../rules/record-scope.ts";
import type { RuleContext } from "../rules/rule-context.ts";
import { type Sql, sql } from "../store/sql.ts";
import { type Column, columnsOf } from "./columns.ts";
import { allOf } from "./select-records.ts";

/**
 * How the values of an image are given. `stored`: as their columns would have them. `bound`: as PocketBase asks about a
 * record that is about to be made, without the columns' types, which some comparisons tell: here a number is never
 * equal to a text.
 */
type Given = "stored" | "bound";

/** Values that a rule is asked about, instead of those of a table. */
export interface Image {
  readonly values: RecordValues;
  readonly as: Given;
}

/** No collection's name starts like this. */
const IMAGE = "@record";
/** Which of the images a row is. */
const PLACE = sql.id(IMAGE, "@place");

/**
 * A statement that gives a row if the image meets the rule.
 *
 * @param rule not empty
 * @throws RuleError for text that is no rule of the collection
 */
export function imageStatement(
  rule: string,
  { schema, collection, trust, isNew }: RecordScope,
  { values, as }: Image,
  context: RuleContext,
  now: Date,
): Sql {
  const scope = new QueryScope({ schema, collection, context, now, table: { name: IMAGE, isNew } });
  const condition = scope.condition(rule, trust);
  const where = allOf([condition, ...scope.extraConditions]);
  const table = imageTable(columnsOf(collection), [values], as);
  return sql`WITH ${table} SELECT 1 FROM ${sql.id(IMAGE)} ${scope.joins} WHERE ${where} LIMIT 1`;
}

/** A statement that asks about several images for several askers. */
export interface ManyStatement {
  /** Gives `image` and `asker`, places in what was asked, for each pair that meets the rule. */
  readonly statement: Sql;
  /** Those it asks for: the first, and all for whom the same statement is right. */
  readonly contexts: readonly RuleContext[];
}

/**
 * One statement for all images, and for as many of the askers as it can be.
 *
 * @param contexts at least one
 * @throws RuleError as `imageStatement`
 */
export function manyStatement(
  rule: string,
  { schema, collection, trust }: RecordScope,
  images: readonly RecordValues[],
  contexts: readonly RuleContext[],
  now: Date,
): ManyStatement {
  const [context] = contexts as [RuleContext];
  const askers = new Askers(context);
  const scope = new QueryScope({ schema, collection, context, askers, now, table: { name: IMAGE } });
  const where = allOf([scope.condition(rule, trust), ...scope.extraConditions]);
  const from = askers.from(sql.id(IMAGE), scope.joins);
  const fitting = contexts.filter((asking) => askers.fits(asking));
  const tables = sql`${imageTable(columnsOf(collection), images, "stored")}, ${askers.table(fitting)}`;
  return {
    statement: sql`WITH ${tables} SELECT DISTINCT ${PLACE} AS image, ${askers.key} AS asker FROM ${from} WHERE ${where}`,
    contexts: fitting,
  };
}

/** The images as a common table expression with the collection's columns. */
function imageTable(columns: readonly Column[], images: readonly RecordValues[], as: Given): Sql {
  const rows = images.map((values, place) => {
    const cells = columns.map((column) => columnSql(column, values, as));
    return sql`SELECT ${sql.join([...cells, sql`${place} AS "@place"`])}`;
  });
  return sql`${sql.id(IMAGE)} AS (${sql.join(rows, sql` UNION ALL `)})`;
}

/** With the affinity that the table's column has, as far as a cast can give it without changing the value. */
function columnSql({ field, name, write }: Column, values: RecordValues, as: Given): Sql {
  const value = write(values[name] ?? null);
  // PocketBase binds a number as a float, whose text has a fraction: `n ~ ".0"` is met by 1.
  if (as === "bound" && field.type === "number") return sql`(${value} + 0.0) AS ${sql.id(name)}`;
  const affinity = as === "stored" ? affinityOf(field) : "none";
  switch (affinity) {
    case "none":
      return sql`${value} AS ${sql.id(name)}`;
    case "numeric":
      return sql`CAST(${value} AS NUMERIC) AS ${sql.id(name)}`;
    case "text":
      return sql`CAST(${value} AS TEXT) AS ${sql.id(name)}`;
  }
}
