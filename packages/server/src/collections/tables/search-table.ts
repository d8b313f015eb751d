import { sql, verbatim } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import { searchDefinition, searchedFields, searchTable, TOKENIZERS } from "../model/search-index.ts";
import type { SearchIndex } from "../model/search-option.ts";
import { quote } from "./create-table.ts";

/** A position before the first row id. */
export const START = Number.MIN_SAFE_INTEGER;

/**
 * Makes the table of a collection's search index as the collection says, or drops it. A new table is empty: the rows are
 * added in the background, since there may be many (docs/decisions/0034).
 */
export async function writeSearchTable(tx: Transaction, collection: Collection): Promise<void> {
  const row = await tx.first(sql`SELECT definition FROM _headwater_search WHERE collection = ${collection.id}`);
  if (!collection.search) {
    if (row) await dropSearchTable(tx, collection.id);
    return;
  }
  const definition = searchDefinition(collection);
  if (row?.["definition"] !== definition) {
    if (row) await dropSearchTable(tx, collection.id);
    await createSearchTable(tx, collection, collection.search);
    await tx.run(
      sql`INSERT INTO _headwater_search (collection, definition, position) VALUES (${collection.id}, ${definition}, ${START})`,
    );
  }
  await setWeights(tx, collection, collection.search);
}

async function createSearchTable(tx: Transaction, collection: Collection, { tokenizer }: SearchIndex): Promise<void> {
  const table = searchTable(collection);
  const columns = searchedFields(collection).map(({ column }) => column);
  const tokenize = TOKENIZERS[tokenizer] ?? TOKENIZERS["unicode61"]!;
  await tx.run(verbatim(`DROP TABLE IF EXISTS ${quote(table)}`));
  await tx.run(verbatim(`CREATE VIRTUAL TABLE ${quote(table)} USING fts5(${columns.join()}, tokenize='${tokenize}')`));
  // What was deleted is gone from the index at once (docs/decisions/0019).
  await configure(tx, table, "secure-delete", 1);
}

const setWeights = (tx: Transaction, collection: Collection, { weights }: SearchIndex): Promise<void> => {
  const values = searchedFields(collection).map(({ field }) => (weights[field.name] ?? 1).toFixed(3));
  return configure(tx, searchTable(collection), "rank", `bm25(${values.join()})`);
};

async function configure(tx: Transaction, table: string, option: string, value: string | number): Promise<void> {
  await tx.run(sql`INSERT INTO ${sql.id(table)} (${sql.id(table)}, rank) VALUES (${option}, ${value})`);
}

export async function dropSearchTable(tx: Transaction, collection: string): Promise<void> {
  await tx.run(sql`DELETE FROM _headwater_search WHERE collection = ${collection}`);
  await tx.run(verbatim(`DROP TABLE IF EXISTS ${quote(searchTable({ id: collection as Collection["id"] }))}`));
}

/** Drops what is ours of collections that are gone: a stock PocketBase deletes a collection without it. */
export async function dropStrayTables(tx: Transaction, collections: readonly Collection[]): Promise<void> {
  const rows = await tx.all(sql`SELECT collection FROM _headwater_search`);
  for (const { collection } of rows) {
    if (!collections.some(({ id }) => id === collection)) await dropSearchTable(tx, String(collection));
  }
  await tx.run(sql`DELETE FROM _headwater_collections WHERE id NOT IN (SELECT id FROM _collections)`);
  await tx.run(sql`DELETE FROM _headwater_trash WHERE collection NOT IN (SELECT id FROM _collections)`);
  await tx.run(sql`DELETE FROM _headwater_history WHERE collection NOT IN (SELECT id FROM _collections)`);
}
