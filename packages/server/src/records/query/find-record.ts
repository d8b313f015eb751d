import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { type Sql, sql, toQuery } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { readRow } from "../model/columns.ts";

/** The record with this id, regardless of rules. */
export async function findRecord(
  reader: Reader,
  collection: Collection,
  id: string,
): Promise<RecordValues | undefined> {
  const row = await reader.first({ text: byId(collection), values: [id] });
  return row && readRow(collection, row);
}

const byIdTexts = new WeakMap<Collection, string>();

/** Building the statement takes longer than running it. */
function byId(collection: Collection): string {
  let text = byIdTexts.get(collection);
  if (text === undefined) {
    text = toQuery(sql`SELECT * FROM ${sql.id(collection.name)} WHERE id = ${null}`).text;
    byIdTexts.set(collection, text);
  }
  return text;
}

/** The records that meet a condition on their own columns, regardless of rules. */
export async function findRecords(reader: Reader, collection: Collection, condition: Sql): Promise<RecordValues[]> {
  const rows = await reader.all(sql`SELECT * FROM ${sql.id(collection.name)} WHERE ${condition}`);
  return rows.map((row) => readRow(collection, row));
}

/** A list of ids as one bound value: any number of them, and the same statement text for all lists. */
export const anyOf = (ids: readonly string[]): Sql => sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`;

/**
 * A table with a row for each value of a list column. Text that is not a JSON list is one value.
 *
 * @param column with its table's name: `json_each` has columns of its own, and fields may have the same names
 */
export const itemsOf = (column: Sql): Sql =>
  sql`json_each(CASE WHEN iif(json_valid(${column}), json_type(${column}) = 'array', FALSE) THEN ${column} ELSE json_array(${column}) END)`;
