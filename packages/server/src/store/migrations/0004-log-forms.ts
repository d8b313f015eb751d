import { sql } from "../sql.ts";
import type { Transaction } from "../store.ts";

/**
 * The log holds what changed of a record instead of all its values, twice. Older changes of records go, and with them the
 * token keys and the deleted texts that they held; a new epoch makes every client that needs them read everything again.
 */
export async function up(tx: Transaction): Promise<void> {
  // The number of an `EntryForm`; what is here already is plain.
  await tx.run(sql`ALTER TABLE _changes ADD COLUMN form INTEGER NOT NULL DEFAULT 2`);
  await tx.run(sql`DELETE FROM _changes WHERE collection NOT IN ('_tasks', '_broadcasts', '_collections')`);
  await tx.run(sql`UPDATE _headwater SET value = lower(hex(randomblob(5))) WHERE key = 'epoch'`);
  // To find the values of one record. Creates, most of a growing log, hold none and are not in it.
  await tx.run(sql`CREATE INDEX _changes_values ON _changes (collection, record) WHERE before IS NOT NULL`);
  // To find out that a record is gone.
  await tx.run(sql`CREATE INDEX _changes_deletes ON _changes (collection, record) WHERE action = 'delete'`);
  // The deletes whose values are still to be erased: a handful.
  await tx.run(sql`CREATE INDEX _changes_unerased ON _changes (seq) WHERE action = 'delete' AND form = 1`);
}
