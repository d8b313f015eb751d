import { sql } from "../sql.ts";
import type { Transaction } from "../store.ts";

/** Names the columns of `_tasks` for what they hold: the last event, the last saved event, and its place in the log. */
export async function up(tx: Transaction): Promise<void> {
  await tx.run(sql`ALTER TABLE _tasks RENAME COLUMN told TO last_event`);
  await tx.run(sql`ALTER TABLE _tasks RENAME COLUMN folded TO saved_event`);
  await tx.run(sql`ALTER TABLE _tasks RENAME COLUMN folded_to TO saved_seq`);
}
