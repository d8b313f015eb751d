import { sql } from "../sql.ts";
import type { Transaction } from "../store.ts";

/** The views of Replicache's client groups, and the last mutation of each client. */
export async function up(tx: Transaction): Promise<void> {
  await tx.run(sql`
    CREATE TABLE _sync_groups (
      id INTEGER PRIMARY KEY,
      key TEXT NOT NULL UNIQUE,
      owner TEXT NOT NULL,
      pushes INTEGER NOT NULL DEFAULT 0,
      seen INTEGER NOT NULL,
      life TEXT NOT NULL DEFAULT '',
      parent TEXT NOT NULL DEFAULT '',
      forked INTEGER NOT NULL DEFAULT 0,
      epoch TEXT NOT NULL DEFAULT '',
      seq INTEGER NOT NULL DEFAULT 0,
      version INTEGER NOT NULL DEFAULT 0,
      floor INTEGER NOT NULL DEFAULT 0,
      shift INTEGER NOT NULL DEFAULT 0,
      scans TEXT NOT NULL DEFAULT '{}',
      prints TEXT NOT NULL DEFAULT '{}'
    )`);
  await tx.run(sql`
    CREATE TABLE _sync_clients (
      key TEXT PRIMARY KEY NOT NULL,
      client_group INTEGER NOT NULL,
      mutation INTEGER NOT NULL,
      pushes INTEGER NOT NULL,
      seen INTEGER NOT NULL
    ) WITHOUT ROWID`);
  await tx.run(sql`CREATE INDEX _sync_clients_pushes ON _sync_clients (client_group, pushes)`);
  // In the largest table, names and groups are numbers: half the bytes of text.
  await tx.run(sql`CREATE TABLE _sync_names (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)`);
  await tx.run(sql`
    CREATE TABLE _sync_view (
      client_group INTEGER NOT NULL,
      name INTEGER NOT NULL,
      record TEXT NOT NULL,
      version INTEGER NOT NULL,
      gone INTEGER NOT NULL,
      PRIMARY KEY (client_group, name, record)
    ) WITHOUT ROWID`);
  await tx.run(sql`CREATE INDEX _sync_view_version ON _sync_view (client_group, version, gone)`);
}
