import { SQLiteError } from "bun:sqlite";
import { StoreError } from "../store.ts";

const UNIQUE = /^UNIQUE constraint failed: (?!index )(.+)$/;

/** Says in the store's words what the driver refused. */
export function translateError(error: unknown): unknown {
  if (error instanceof StoreError || !(error instanceof SQLiteError)) return error;
  const code = error.code ?? "";
  const refuse = (kind: StoreError["kind"], columns: readonly string[] = []): StoreError =>
    new StoreError(kind, error.message, columns, error);

  if (code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY") {
    return refuse("unique", UNIQUE.exec(error.message)?.[1]?.split(", ") ?? []);
  }
  if (code.startsWith("SQLITE_CONSTRAINT")) return refuse("constraint");
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) return refuse("busy");
  if (code.startsWith("SQLITE_FULL")) return refuse("full");
  if (code === "SQLITE_ERROR") return refuse("invalid");
  return refuse("other");
}
