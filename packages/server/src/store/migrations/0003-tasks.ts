import { sql } from "../sql.ts";
import type { Transaction } from "../store.ts";

/** Tasks: their input, state and result, and the history of their events once the log need not keep it. */
export async function up(tx: Transaction): Promise<void> {
  await tx.run(sql`
    CREATE TABLE _tasks (
      id TEXT PRIMARY KEY NOT NULL,
      name TEXT NOT NULL,
      owner TEXT NOT NULL,
      key TEXT,
      state TEXT NOT NULL,
      attempt INTEGER NOT NULL DEFAULT 0,
      input TEXT NOT NULL,
      output TEXT,
      error TEXT,
      created INTEGER NOT NULL,
      due INTEGER NOT NULL,
      started INTEGER,
      ended INTEGER,
      expires INTEGER,
      told INTEGER NOT NULL DEFAULT 0,
      folded INTEGER NOT NULL DEFAULT 0,
      folded_to INTEGER NOT NULL,
      history TEXT NOT NULL DEFAULT '[0]'
    )`);
  await tx.run(sql`CREATE UNIQUE INDEX idx__tasks_key ON _tasks (name, owner, key) WHERE key IS NOT NULL`);
  await tx.run(sql`CREATE INDEX idx__tasks_open ON _tasks (state) WHERE state IN ('queued', 'running')`);
  await tx.run(sql`CREATE INDEX idx__tasks_unfolded ON _tasks (id) WHERE folded < told`);
  await tx.run(sql`CREATE INDEX idx__tasks_expires ON _tasks (expires) WHERE expires IS NOT NULL`);
}
