import { SQLiteError } from "bun:sqlite";
import { StoreError } from "../store.ts";

const UNIQUE = /^UNIQUE constraint failed: (?!index )(.+)$/;

/** Turns an error of the driver into a `StoreError`; returns any other error as it is. */
export function translateError(error: unknown): unknown {
  if (error instanceof StoreError || !(error instanceof SQLiteError)) return error;
  const code = error.code ?? "";
  const storeError = (kind: StoreError["kind"], columns: readonly string[] = []): StoreError =>
    new StoreError(kind, error.message, columns, error);

  if (code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY") {
    return storeError("unique", UNIQUE.exec(error.message)?.[1]?.split(", ") ?? []);
  }
  if (code.startsWith("SQLITE_CONSTRAINT")) return storeError("constraint");
  if (code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED")) return storeError("busy");
  if (code.startsWith("SQLITE_FULL")) return storeError("full");
  if (code.startsWith("SQLITE_READONLY") || code === "SQLITE_PERM") return storeError("readonly");
  if (code.startsWith("SQLITE_IOERR") || code.startsWith("SQLITE_CANTOPEN")) return storeError("io");
  if (code === "SQLITE_ERROR") return storeError("invalid");
  return storeError("other");
}
