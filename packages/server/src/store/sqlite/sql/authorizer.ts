import { constants } from "node:sqlite";
import type { SqlGuard } from "./sql-messages.ts";

/** Pragmas that only read, with or without a value. */
const READING_PRAGMAS: ReadonlySet<string> = new Set([
  "collation_list",
  "compile_options",
  "database_list",
  "foreign_key_check",
  "foreign_key_list",
  "function_list",
  "index_info",
  "index_list",
  "index_xinfo",
  "integrity_check",
  "module_list",
  "pragma_list",
  "quick_check",
  "table_info",
  "table_list",
  "table_xinfo",
]);

/** Pragmas that do something even without a value. */
const ACTING_PRAGMAS: ReadonlySet<string> = new Set([
  "incremental_vacuum",
  "optimize",
  "shrink_memory",
  "wal_checkpoint",
]);

/** Of the actions that write, where the name of the table is. */
const TABLE_AT: ReadonlyMap<number, 0 | 1> = new Map([
  [constants.SQLITE_INSERT, 0],
  [constants.SQLITE_UPDATE, 0],
  [constants.SQLITE_DELETE, 0],
  [constants.SQLITE_CREATE_INDEX, 1],
  [constants.SQLITE_CREATE_TABLE, 0],
  [constants.SQLITE_CREATE_TRIGGER, 1],
  [constants.SQLITE_CREATE_VIEW, 0],
  [constants.SQLITE_CREATE_VTABLE, 0],
  [constants.SQLITE_DROP_INDEX, 1],
  [constants.SQLITE_DROP_TABLE, 0],
  [constants.SQLITE_DROP_TRIGGER, 1],
  [constants.SQLITE_DROP_VIEW, 0],
  [constants.SQLITE_DROP_VTABLE, 0],
  [constants.SQLITE_ALTER_TABLE, 1],
]);

const CREATES_TRIGGER: ReadonlySet<number> = new Set([
  constants.SQLITE_CREATE_TRIGGER,
  constants.SQLITE_CREATE_TEMP_TRIGGER,
]);

/** They write, but no content. */
const MAINTENANCE: ReadonlySet<number> = new Set([constants.SQLITE_ANALYZE, constants.SQLITE_REINDEX]);

/** By the action; "" for a word that SQLite says. */
const DENIED: ReadonlyMap<number, string> = new Map([
  [constants.SQLITE_ATTACH, "ATTACH"],
  [constants.SQLITE_DETACH, "DETACH"],
  [constants.SQLITE_TRANSACTION, ""],
  [constants.SQLITE_SAVEPOINT, "SAVEPOINT"],
]);

/**
 * Decides what a script may do, while SQLite compiles its statements. It must not leave its transaction, open other
 * files, change how the database is kept, or touch the tables that the log's promises rest on.
 */
export class Authorizer {
  readonly #guard: SqlGuard;
  /** Why the statement was refused; `undefined` if it was not. */
  refusal: string | undefined;
  /** Whether any statement so far writes to the database. */
  writes = false;
  /** Whether the statement creates a trigger, whose body SQLite looks at only when it fires. */
  createsTrigger = false;
  /** Whether the statement drops or alters a table: SQLite then tidies up by itself. */
  #isStructural = false;

  constructor(guard: SqlGuard) {
    this.#guard = guard;
  }

  /** Call it before each statement. */
  begin(): void {
    this.refusal = undefined;
    this.createsTrigger = false;
    this.#isStructural = false;
  }

  readonly check = (
    action: number,
    first: string | null,
    second: string | null,
    database: string | null,
    trigger: string | null,
  ): number => {
    if (MAINTENANCE.has(action)) this.writes = true;
    const denied = DENIED.get(action);
    const refused = denied === "" ? first : (denied ?? this.#refusedPragma(action, first, second));
    if (typeof refused === "string") return this.#refuse(refused);
    if (CREATES_TRIGGER.has(action)) {
      this.createsTrigger = true;
      if (this.#isOwn(first)) return this.#refuse(`creating ${first}`);
    }
    const tableAt = TABLE_AT.get(action);
    if (tableAt === undefined || database === "temp") return constants.SQLITE_OK;
    this.writes = true;
    if (action === constants.SQLITE_DROP_TABLE || action === constants.SQLITE_ALTER_TABLE) this.#isStructural = true;
    const table = (tableAt === 0 ? first : second) ?? "";
    if (this.#isProtected(table.toLowerCase()) && !this.#isOwn(trigger)) return this.#refuse(`writing to ${table}`);
    const isGuard = action === constants.SQLITE_DROP_TRIGGER && this.#isOwn(first);
    return isGuard && !this.#isStructural ? this.#refuse(`dropping ${first}`) : constants.SQLITE_OK;
  };

  /** Names of tables that the text of a statement must not have, if its body is not looked at. */
  assertHarmless(text: string): void {
    if (!this.createsTrigger) return;
    const lower = text.toLowerCase();
    const name = [...this.#guard.protectedPrefixes, "sqlite_sequence"].find((prefix) => lower.includes(prefix));
    if (name !== undefined) throw new Error(`a trigger that names ${name} is not allowed here`);
  }

  #refusedPragma(action: number, name: string | null, value: string | null): string | undefined {
    if (action !== constants.SQLITE_PRAGMA || name === null) return undefined;
    const pragma = name.toLowerCase();
    const isAllowed = READING_PRAGMAS.has(pragma) || (value === null && !ACTING_PRAGMAS.has(pragma));
    return isAllowed ? undefined : `PRAGMA ${pragma}${value === null ? "" : ` with a value`}`;
  }

  #isProtected(table: string): boolean {
    if (table === "sqlite_sequence") return !this.#isStructural;
    return this.#guard.protectedPrefixes.some((prefix) => table.startsWith(prefix));
  }

  #isOwn(trigger: string | null): boolean {
    return trigger?.toLowerCase().startsWith(this.#guard.triggerPrefix) === true;
  }

  #refuse(what: string): number {
    this.refusal ??= `${what} is not allowed here`;
    return constants.SQLITE_DENY;
  }
}
