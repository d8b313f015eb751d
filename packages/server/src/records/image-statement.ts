import type { RecordValues } from "@headwater/protocol";
import { affinityOf } from "../rules/affinity.ts";
import { QueryScope } from "../rules/query-scope.ts";
import type { RecordScope } from "../rules/record-scope.ts";
import type { RuleContext } from "../rules/rule-context.ts";
import { type Sql, sql } from "../store/sql.ts";
import { type Column, columnsOf } from "./columns.ts";
import { allOf } from "./select-records.ts";

/** Values that a rule is asked about, instead of those of a table. */
export interface Image {
  readonly values: RecordValues;
  /**
   * `stored`: as their columns would have them. `bound`: as PocketBase asks about a record that is about to be made,
   * without the columns' types, which some comparisons tell: here a number is never equal to a text.
   */
  readonly as: "stored" | "bound";
}

/** No collection's name starts like this. */
const IMAGE = "@record";

/**
 * A statement that gives a row if the image meets the rule.
 *
 * @param rule not empty
 * @throws RuleError for text that is no rule of the collection
 */
export function imageStatement(
  rule: string,
  { schema, collection, trust, isNew }: RecordScope,
  image: Image,
  context: RuleContext,
  now: Date,
): Sql {
  const scope = new QueryScope({ schema, collection, context, now, table: { name: IMAGE, isNew } });
  const condition = scope.condition(rule, trust);
  const where = allOf([condition, ...scope.extraConditions]);
  const table = sql.id(IMAGE);
  const columns = columnsOf(collection).map((column) => columnSql(column, image));
  return sql`WITH ${table} AS (SELECT ${sql.join(columns)}) SELECT 1 FROM ${table} ${scope.joins} WHERE ${where} LIMIT 1`;
}

/** With the affinity that the table's column has, as far as a cast can give it without changing the value. */
function columnSql({ field, name, write }: Column, { values, as }: Image): Sql {
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
