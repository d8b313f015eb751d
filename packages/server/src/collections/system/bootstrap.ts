import { formatDateTime } from "../../lib/text/date-time.ts";
import { UserError } from "../../lib/user-error.ts";
import { DEFAULT_SETTINGS, storedJson } from "../../settings/settings.ts";
import { sql, verbatim } from "../../store/sql.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import { insertCollection } from "../model/collections-table.ts";
import { createTable } from "../tables/create-table.ts";
import { createIndexes } from "../tables/indexes.ts";
import { initialCollections } from "./system-collections.ts";
import { AUXILIARY_TABLES, DATA_TABLES, MIGRATIONS } from "./internal-tables.ts";

/**
 * Fills an empty `data.db` exactly as PocketBase 0.40 does, so that either server can use it. A database with content
 * is left unchanged.
 *
 * @returns whether it was empty
 * @throws UserError for a database from before PocketBase 0.23, whose collections have a different format
 */
export async function bootstrap(tx: Transaction, now = new Date()): Promise<boolean> {
  const columns = await columnsOf(tx, "_collections");
  if (columns.has("fields") && columns.has("options") && columns.has("viewRule")) return false;
  if (columns.size > 0 || (await columnsOf(tx, "_params")).size > 0) {
    throw new UserError(
      "This database was created by PocketBase before version 0.23. Open it once with a newer PocketBase to migrate it.",
    );
  }

  for (const statement of DATA_TABLES) await tx.run(verbatim(statement));
  const created = formatDateTime(now);
  for (const collection of initialCollections(created)) {
    await insertCollection(tx, collection);
    await createTable(tx, collection);
    await createIndexes(tx, collection);
  }
  const settings = storedJson(DEFAULT_SETTINGS);
  await tx.run(
    sql`INSERT INTO _params (id, value, created, updated) VALUES ('settings', ${settings}, ${created}, ${created})`,
  );
  for (const [index, file] of MIGRATIONS.entries()) {
    // Microseconds, as in PocketBase.
    await tx.run(sql`INSERT INTO _migrations (file, applied) VALUES (${file}, ${now.getTime() * 1000 + index})`);
  }
  return true;
}

/** Creates the tables of `auxiliary.db`, which holds the request logs and may be deleted at any time. */
export async function bootstrapAuxiliary(tx: Transaction): Promise<void> {
  for (const statement of AUXILIARY_TABLES) await tx.run(verbatim(statement));
}

async function columnsOf(reader: Reader, table: string): Promise<ReadonlySet<unknown>> {
  const rows = await reader.all(sql`SELECT name FROM pragma_table_info(${table})`);
  return new Set(rows.map(({ name }) => name));
}
