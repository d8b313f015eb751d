import { sql } from "../sql.ts";
import type { Transaction } from "../store.ts";

/**
 * Options of collections that PocketBase doesn't have: it would drop them from `_collections` when it saves a collection.
 * And the state of each search index.
 */
export async function up(tx: Transaction): Promise<void> {
  await tx.run(
    sql`CREATE TABLE _headwater_collections (id TEXT PRIMARY KEY NOT NULL, own TEXT NOT NULL) WITHOUT ROWID`,
  );
  // `position`: the row id up to which the index is known to be right; NULL if it is for all rows.
  await tx.run(sql`
    CREATE TABLE _headwater_search (
      collection TEXT PRIMARY KEY NOT NULL,
      definition TEXT NOT NULL,
      position INTEGER,
      built INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID`);
}
