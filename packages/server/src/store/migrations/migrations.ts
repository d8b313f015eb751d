import { sql } from "../sql.ts";
import type { Transaction } from "../store.ts";
import { up as changes } from "./0001-changes.ts";
import { up as sync } from "./0002-sync.ts";
import { up as tasks } from "./0003-tasks.ts";
import { up as logForms } from "./0004-log-forms.ts";
import { up as taskColumns } from "./0005-task-columns.ts";
import { up as lineage } from "./0006-lineage.ts";
import { up as foreignWrites } from "./0007-foreign-writes.ts";
import { up as collectionOptions } from "./0008-collection-options.ts";
import { up as trashAndHistory } from "./0009-trash-and-history.ts";

/** Headwater's own tables, oldest first. PocketBase never looks at them. */
const MIGRATIONS: readonly (readonly [name: string, up: (tx: Transaction) => Promise<void>])[] = [
  ["0001-changes", changes],
  ["0002-sync", sync],
  ["0003-tasks", tasks],
  ["0004-log-forms", logForms],
  ["0005-task-columns", taskColumns],
  ["0006-lineage", lineage],
  ["0007-foreign-writes", foreignWrites],
  ["0008-collection-options", collectionOptions],
  ["0009-trash-and-history", trashAndHistory],
];

/** Applies the migrations that this folder does not have yet. */
export async function migrate(tx: Transaction): Promise<void> {
  await tx.run(
    sql`CREATE TABLE IF NOT EXISTS _headwater_migrations (name TEXT PRIMARY KEY NOT NULL, applied TEXT NOT NULL)`,
  );
  const applied = new Set((await tx.all(sql`SELECT name FROM _headwater_migrations`)).map(({ name }) => name));
  for (const [name, up] of MIGRATIONS) {
    if (applied.has(name)) continue;
    await up(tx);
    await tx.run(sql`INSERT INTO _headwater_migrations (name, applied) VALUES (${name}, ${new Date().toISOString()})`);
  }
}
