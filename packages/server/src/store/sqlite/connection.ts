import { Database, type Statement } from "bun:sqlite";
import { LRUCache } from "lru-cache";
import { type Query, type Row, type Sql, type SqlValue, toQuery } from "../sql.ts";
import { translateError } from "./store-error.ts";

/** Statements that a connection keeps prepared: to prepare a small one costs more than to run it. */
const MAX_PREPARED = 400;

export interface ConnectionOptions {
  readonly readonly?: boolean;
  /** Page cache in KiB. */
  readonly cacheKiB?: number;
  /** How long a statement may wait for another process's lock, in milliseconds. */
  readonly busyTimeoutMs?: number;
}

/** One connection to a database file. All calls are synchronous. */
export class Connection {
  readonly #database: Database;
  readonly #statements = new LRUCache<string, Statement<Row, SqlValue[]>>({
    max: MAX_PREPARED,
    dispose: (statement) => statement.finalize(),
  });

  /** @throws StoreError if the file can't be opened or is not a database */
  constructor(path: string, { readonly = false, cacheKiB = 32_000, busyTimeoutMs = 10_000 }: ConnectionOptions = {}) {
    try {
      this.#database = readonly ? new Database(path, { readwrite: true }) : new Database(path, { create: true });
      // PocketBase's settings in PocketBase's order, except `synchronous` (docs/decisions/0002).
      this.exec(`PRAGMA busy_timeout=${busyTimeoutMs}`);
      this.exec("PRAGMA journal_mode=WAL");
      this.exec("PRAGMA journal_size_limit=200000000");
      this.exec("PRAGMA synchronous=FULL");
      this.exec("PRAGMA foreign_keys=ON");
      this.exec("PRAGMA temp_store=MEMORY");
      this.exec(`PRAGMA cache_size=-${cacheKiB}`);
      if (readonly) this.exec("PRAGMA query_only=ON");
    } catch (error) {
      throw translateError(error);
    }
  }

  all(statement: Sql | Query): Row[] {
    const { text, values } = toQuery(statement);
    try {
      return this.#prepare(text).all(...values);
    } catch (error) {
      throw translateError(error);
    }
  }

  first(statement: Sql | Query): Row | undefined {
    const { text, values } = toQuery(statement);
    try {
      return this.#prepare(text).get(...values) ?? undefined;
    } catch (error) {
      throw translateError(error);
    }
  }

  /** @returns the number of rows changed */
  run(statement: Sql | Query): number {
    const { text, values } = toQuery(statement);
    try {
      return this.#prepare(text).run(...values).changes;
    } catch (error) {
      throw translateError(error);
    }
  }

  /** Runs a statement without values or result: transaction control and settings. */
  exec(text: string): void {
    try {
      this.#prepare(text).run();
    } catch (error) {
      throw translateError(error);
    }
  }

  get inTransaction(): boolean {
    return this.#database.inTransaction;
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepare(text: string): Statement<Row, SqlValue[]> {
    let statement = this.#statements.get(text);
    if (!statement) {
      statement = this.#database.prepare<Row, SqlValue[]>(text);
      this.#statements.set(text, statement);
    }
    return statement;
  }
}
