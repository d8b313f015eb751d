import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { affinityOf } from "../../rules/predicate/column-affinity.ts";
import { type Sql, sql } from "../../store/sql.ts";
import { type Column, columnsOf } from "../model/columns.ts";

/**
 * How the values of a record are given. `stored`: as their columns would have them. `bound`: as PocketBase asks about a
 * record that is about to be made, without the columns' types, which some comparisons tell: here a number is never
 * equal to a text.
 */
export type Given = "stored" | "bound";

/** The values as the columns of a SELECT. */
export const candidateRow = (collection: Collection, values: RecordValues, as: Given): Sql =>
  sql.join(columnsOf(collection).map((column) => columnSql(column, values, as)));

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
