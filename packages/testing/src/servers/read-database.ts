import { Database } from "bun:sqlite";
import { join } from "node:path";

/** A row of the change log, read from the database file while the server may be running. */
export interface LoggedChange {
  readonly seq: number;
  readonly record: string;
  readonly action: "create" | "update" | "delete";
  readonly before: Readonly<Record<string, unknown>> | null;
  readonly after: Readonly<Record<string, unknown>> | null;
}

/** A change of any collection; `collection` is its name, or its id if it no longer exists. */
export interface LogEntry extends LoggedChange {
  readonly collection: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

interface Row extends Omit<LoggedChange, "before" | "after"> {
  readonly before: string | null;
  readonly after: string | null;
}

/** The changes of one collection, in log order. */
export function readChanges(dir: string, collection: string): LoggedChange[] {
  using db = new Database(join(dir, "data.db"), { readonly: true });
  const rows = db
    .query<Row, [string]>(
      `SELECT seq, record, action, before, after FROM _changes
       WHERE collection = (SELECT id FROM _collections WHERE name = ?) ORDER BY seq`,
    )
    .all(collection);
  return rows.map(({ seq, record, action, before, after }) => ({
    seq,
    record,
    action,
    before: parse(before),
    after: parse(after),
  }));
}

/**
 * All changes after the seq `after`, in log order.
 *
 * @param table the log itself, or a copy of it
 */
export function readLog(dir: string, after = 0, table = "_changes"): LogEntry[] {
  using db = new Database(join(dir, "data.db"), { readonly: true });
  const rows = db
    .query<Row & Pick<LogEntry, "collection" | "time">, [number]>(
      `SELECT seq, time, coalesce((SELECT name FROM _collections WHERE id = collection), collection) AS collection,
         record, action, before, after
       FROM ${table} WHERE seq > ? ORDER BY seq`,
    )
    .all(after);
  return rows.map((row) => ({ ...row, before: parse(row.before), after: parse(row.after) }));
}

/** All rows of a table. */
export function readRows(dir: string, table: string): Record<string, unknown>[] {
  using db = new Database(join(dir, "data.db"), { readonly: true });
  return db.query<Record<string, unknown>, []>(`SELECT * FROM "${table}"`).all();
}

const parse = (json: string | null): Record<string, unknown> | null => (json === null ? null : JSON.parse(json));
