import { sql } from "../sql.ts";
import type { Transaction } from "../store.ts";

/** What separates our own writes from those of other programs: see `log/foreign-writes.ts`. */
export async function up(tx: Transaction): Promise<void> {
  await tx.run(sql`INSERT INTO sqlite_sequence (name, seq) VALUES ('_headwater_own', 0)`);
}
