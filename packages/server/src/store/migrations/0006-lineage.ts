import { randomBytes } from "node:crypto";
import { sql } from "../sql.ts";
import type { Transaction } from "../store.ts";

/** The secret that seals cursors, a mark for each server start, and where in the log accounts begin. */
export async function up(tx: Transaction): Promise<void> {
  await tx.run(sql`INSERT INTO _headwater (key, value) VALUES ('secret', ${randomBytes(32).toString("hex")})`);
  await tx.run(sql`
    CREATE TABLE _headwater_marks (
      id INTEGER PRIMARY KEY,
      mark INTEGER NOT NULL,
      seq INTEGER NOT NULL
    )`);
  await tx.run(sql`
    CREATE TABLE _headwater_accounts (
      collection TEXT NOT NULL,
      record TEXT NOT NULL,
      seq INTEGER NOT NULL,
      PRIMARY KEY (collection, record)
    ) WITHOUT ROWID`);
}
