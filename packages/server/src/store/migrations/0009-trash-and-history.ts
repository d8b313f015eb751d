import { sql } from "../sql.ts";
import type { Transaction } from "../store.ts";

/** Records that were deleted and can be restored, and who changed what of records, for collections with these options. */
export async function up(tx: Transaction): Promise<void> {
  // `columns`: the stored values by field id. `cause_*`: the record whose delete led to this one.
  await tx.run(sql`
    CREATE TABLE _headwater_trash (
      collection TEXT NOT NULL,
      record TEXT NOT NULL,
      time INTEGER NOT NULL,
      actor TEXT NOT NULL,
      cause_collection TEXT,
      cause_record TEXT,
      columns TEXT NOT NULL,
      PRIMARY KEY (collection, record)
    )`);
  await tx.run(sql`CREATE INDEX _headwater_trash_time ON _headwater_trash (collection, time)`);
  await tx.run(sql`
    CREATE INDEX _headwater_trash_cause ON _headwater_trash (cause_collection, cause_record)
    WHERE cause_record IS NOT NULL`);
  // `changes`: by field id, the values before and after.
  await tx.run(sql`
    CREATE TABLE _headwater_history (
      collection TEXT NOT NULL,
      record TEXT NOT NULL,
      version INTEGER NOT NULL,
      time INTEGER NOT NULL,
      actor TEXT NOT NULL,
      action TEXT NOT NULL,
      changes TEXT NOT NULL,
      PRIMARY KEY (collection, record, version)
    ) WITHOUT ROWID`);
  await tx.run(sql`CREATE INDEX _headwater_history_time ON _headwater_history (collection, time)`);
}
