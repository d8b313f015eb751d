import { sql } from "../sql.ts";
import type { Transaction } from "../store.ts";

/** The change log, and the epoch that its cursors carry. */
export async function up(tx: Transaction): Promise<void> {
  // AUTOINCREMENT: a seq is never used twice, even if the newest rows were trimmed.
  await tx.run(sql`
    CREATE TABLE _changes (
      seq INTEGER PRIMARY KEY AUTOINCREMENT,
      time INTEGER NOT NULL,
      collection TEXT NOT NULL,
      record TEXT NOT NULL,
      action TEXT NOT NULL,
      before TEXT,
      after TEXT
    )`);
  await tx.run(sql`CREATE TABLE _headwater (key TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL)`);
  await tx.run(sql`INSERT INTO _headwater (key, value) VALUES ('epoch', lower(hex(randomblob(5))))`);
}
