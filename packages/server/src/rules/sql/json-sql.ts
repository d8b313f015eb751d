import { type Sql, sql } from "../../store/sql.ts";

/**
 * A column's items as a table. A value that is not a JSON list is one item, so a column that held single or plain
 * values before still works.
 */
export const jsonItems = (column: Sql): Sql =>
  sql`json_each(CASE WHEN iif(json_valid(${column}), json_type(${column}) = 'array', FALSE) THEN ${column} ELSE json_array(${column}) END)`;

/** The number of items in a column; 0 for "" and NULL. */
export const jsonLength = (column: Sql): Sql =>
  sql`json_array_length(CASE WHEN iif(json_valid(${column}), json_type(${column}) = 'array', FALSE) THEN ${column} WHEN ${column} = '' OR ${column} IS NULL THEN '[]' ELSE json_array(${column}) END)`;

/** A value inside a json column. Text that is not valid JSON counts as a JSON string. */
export function jsonValue(column: Sql, path: readonly string[]): Sql {
  const rest = path.map((key) => (/^\d+$/.test(key) ? `[${key}]` : `.${key}`)).join("");
  return sql`(CASE WHEN json_valid(${column}) THEN json_extract(${column}, ${`$${rest}`}) ELSE json_extract(json_object('pb', ${column}), ${`$.pb${rest}`}) END)`;
}
