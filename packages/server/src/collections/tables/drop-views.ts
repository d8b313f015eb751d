import { sql, verbatim } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import { quote } from "./create-table.ts";

interface ViewStatement {
  readonly name: string;
  readonly statement: string;
}

/** Drops every view of the database. @returns the views, for `restoreViews` */
export async function dropAllViews(tx: Transaction): Promise<readonly ViewStatement[]> {
  const rows = await tx.all(sql`SELECT name, sql FROM sqlite_master WHERE type = 'view' AND sql IS NOT NULL`);
  const views = rows.map((row) => ({ name: String(row.name), statement: String(row.sql) }));
  for (const { name } of views) await dropView(tx, name);
  return views;
}

export async function restoreViews(tx: Transaction, views: readonly ViewStatement[]): Promise<void> {
  for (const { statement } of views) await tx.run(verbatim(statement));
}

export async function dropView(tx: Transaction, name: string): Promise<void> {
  await tx.run(verbatim(`DROP VIEW IF EXISTS ${quote(name)}`));
}
