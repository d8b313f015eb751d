import { randomText } from "../../lib/random.ts";
import { sql, verbatim } from "../../store/sql.ts";
import { StoreError, type Transaction } from "../../store/store.ts";
import type { ViewCollection } from "../model/collection.ts";
import { engineMessage } from "../tables/engine-message.ts";
import { quote } from "../tables/create-table.ts";
import type { Field } from "../fields/field.ts";
import type { Schema } from "../model/schema.ts";
import { viewFields } from "./view-fields.ts";
import { parseViewQuery, trimViewQuery, ViewQueryError } from "./parse-view-query.ts";
import { dropView } from "../tables/drop-views.ts";

/** The columns of a query with their declared types, read from a temporary view. */
async function columnsOf(tx: Transaction, query: string): Promise<readonly { name: string; type: string }[]> {
  const name = `_temp_${randomText(6)}`;
  try {
    await replaceView(tx, name, query);
    const rows = await tx.all(sql`SELECT name, type FROM pragma_table_info(${name})`);
    return rows.map((row) => ({ name: String(row.name), type: String(row.type) }));
  } finally {
    await dropView(tx, name);
  }
}

/** Creates or replaces a view. The outer SELECT prevents a second statement. @throws StoreError for an invalid query */
export async function replaceView(tx: Transaction, name: string, query: string): Promise<void> {
  await dropView(tx, name);
  await tx.run(verbatim(`CREATE VIEW ${quote(name)} AS SELECT * FROM (${trimViewQuery(query)})`));
  await tx.all(verbatim(`SELECT * FROM ${quote(name)} LIMIT 0`));
}

/** Infers the fields of a view. @throws ViewQueryError or StoreError for a query that can't be used */
export async function inferViewFields(tx: Transaction, query: string, schema: Schema): Promise<readonly Field[]> {
  const trimmed = trimViewQuery(query);
  // `viewFields` refuses a wildcard, so there is no need to run the query.
  const { columns } = parseViewQuery(trimmed);
  const names = columns.some(({ alias }) => alias === "*")
    ? ["id"]
    : (await columnsOf(tx, trimmed)).map(({ name }) => name);
  return viewFields(trimmed, names, schema);
}

/** Creates or replaces the view of a collection. Ids are always text, so an id of another type is cast. */
export async function createView(tx: Transaction, collection: ViewCollection): Promise<void> {
  await replaceView(tx, collection.name, await withTextId(tx, trimViewQuery(collection.viewQuery)));
}

/** The query with its id column cast to text, if it has another type. */
export async function withTextId(tx: Transaction, query: string): Promise<string> {
  const found = await columnsOf(tx, query);
  if (found.some(({ name, type }) => name.toLowerCase() === "id" && type.toUpperCase() === "TEXT")) return query;
  const columns = parseViewQuery(query).columns.map(({ alias }) =>
    alias === "id" ? `CAST(${quote(alias)} as TEXT) ${quote(alias)}` : quote(alias),
  );
  return `SELECT ${columns.join(",")} FROM (${query})`;
}

/** The message of an error that the query caused; rethrows any other error. */
export function viewErrorMessage(error: unknown): string {
  if (error instanceof ViewQueryError) return error.message;
  if (error instanceof StoreError) return engineMessage(error);
  throw error;
}
