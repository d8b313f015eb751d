import { type SqlValue, sql } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "./collection.ts";
import { collectionToRow } from "./collection-row.ts";
import { ownOptionsToJson } from "./own-options.ts";

/** Writes the rows of `_collections`. `tables/` has the collections' own tables. */
export async function insertCollection(tx: Transaction, collection: Collection): Promise<void> {
  const row = collectionToRow(collection);
  const names = Object.keys(row).map((name) => sql.id(name));
  const values: readonly SqlValue[] = Object.values(row);
  await tx.run(sql`INSERT INTO _collections (${sql.join(names)}) VALUES (${sql.join(values)})`);
  // System collections are made before our own tables.
  if (Object.keys(ownOptionsToJson(collection)).length > 0) await writeOwnOptions(tx, collection);
}

export async function updateCollectionRow(tx: Transaction, collection: Collection): Promise<void> {
  const entries = Object.entries(collectionToRow(collection)).filter(([name]) => name !== "id");
  const assignments = entries.map(([name, value]) => sql`${sql.id(name)} = ${value}`);
  await tx.run(sql`UPDATE _collections SET ${sql.join(assignments)} WHERE id = ${collection.id}`);
  await writeOwnOptions(tx, collection);
}

async function writeOwnOptions(tx: Transaction, collection: Collection): Promise<void> {
  const own = ownOptionsToJson(collection);
  await tx.run(
    Object.keys(own).length === 0
      ? sql`DELETE FROM _headwater_collections WHERE id = ${collection.id}`
      : sql`INSERT OR REPLACE INTO _headwater_collections (id, own) VALUES (${collection.id}, ${JSON.stringify(own)})`,
  );
}

export async function deleteCollectionRow(tx: Transaction, id: string): Promise<void> {
  await tx.run(sql`DELETE FROM _collections WHERE id = ${id}`);
  await tx.run(sql`DELETE FROM _headwater_collections WHERE id = ${id}`);
}
