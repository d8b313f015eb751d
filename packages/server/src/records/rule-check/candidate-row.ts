import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { affinityOf } from "../../rules/predicate/column-affinity.ts";
import { type Sql, sql, type SqlValue } from "../../store/sql.ts";
import { type Column, columnsOf } from "../model/columns.ts";

/**
 * The column types that a candidate's values get. `stored`: those of the table. `bound`: none, as PocketBase evaluates
 * create rules; some comparisons tell the difference, e.g. an untyped number never equals a text.
 */
export type ValueTyping = "stored" | "bound";

/** The values as the columns of a SELECT. */
export const candidateRow = (collection: Collection, values: RecordValues, typing: ValueTyping): Sql =>
  candidateColumns(collection, (column) => sql`${valueOf(column, values)}`, typing);

/** The same for the values that `valueIn` gives as SQL. */
export const candidateColumns = (collection: Collection, valueIn: (column: Column) => Sql, typing: ValueTyping): Sql =>
  sql.join(columnsOf(collection).map((column) => columnSql(column, valueIn(column), typing)));

export const valueOf = ({ name, write }: Column, values: RecordValues): SqlValue => write(values[name] ?? null);

/** A cast gives the value its column's affinity, as far as it doesn't change the value. */
function columnSql({ field, name }: Column, value: Sql, typing: ValueTyping): Sql {
  // PocketBase binds a number as a float, whose text has a fraction: 1 matches `n ~ ".0"`.
  if (typing === "bound" && field.type === "number") return sql`(${value} + 0.0) AS ${sql.id(name)}`;
  const affinity = typing === "stored" ? affinityOf(field) : "none";
  switch (affinity) {
    case "none":
      return sql`${value} AS ${sql.id(name)}`;
    case "numeric":
      return sql`CAST(${value} AS NUMERIC) AS ${sql.id(name)}`;
    case "text":
      return sql`CAST(${value} AS TEXT) AS ${sql.id(name)}`;
  }
}
