import type { ClientFilters } from "../../config.ts";
import { sql } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";

/**
 * What clients' filters read in this folder unless the server's flag says otherwise. Decided once: a folder that we made
 * starts with `visible`; in one that PocketBase made, clients keep getting PocketBase's answers.
 *
 * @param isNew whether this transaction made the folder's tables
 */
export async function storedClientFilters(tx: Transaction, isNew: boolean): Promise<ClientFilters> {
  const initial: ClientFilters = isNew ? "visible" : "pocketbase";
  await tx.run(sql`INSERT OR IGNORE INTO _headwater (key, value) VALUES ('client_filters', ${initial})`);
  const row = await tx.first(sql`SELECT value FROM _headwater WHERE key = 'client_filters'`);
  return row?.["value"] === "visible" ? "visible" : "pocketbase";
}
