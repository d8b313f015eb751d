import { Database, type Statement } from "bun:sqlite";
import { LRUCache } from "lru-cache";
import type { Query, Row, SqlValue } from "../sql.ts";
import { KnownAnswers } from "./known-answers.ts";
import type { PlanLine } from "./query-plan.ts";
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

/**
 * One connection to a database file. All calls are synchronous. It takes finished statements only, so that a reader process
 * starts without the library that builds them.
 */
export class Connection {
  readonly #database: Database;
  readonly #statements = new LRUCache<string, Statement<Row, SqlValue[]>>({
    max: MAX_PREPARED,
    dispose: (statement) => statement.finalize(),
  });

  /** Of a connection that writes nothing itself. */
  readonly #answers: KnownAnswers | undefined;

  /** @throws StoreError if the file can't be opened or is not a database */
  constructor(path: string, { readonly = false, cacheKiB = 32_000, busyTimeoutMs = 10_000 }: ConnectionOptions = {}) {
    this.#answers = readonly ? new KnownAnswers() : undefined;
    try {
      this.#database = readonly ? new Database(path, { readwrite: true }) : new Database(path, { create: true });
      // PocketBase's settings in PocketBase's order, except `synchronous` (docs/decisions/0002).
      this.exec(`PRAGMA busy_timeout=${busyTimeoutMs}`);
      this.exec("PRAGMA journal_mode=WAL");
      this.exec("PRAGMA journal_size_limit=200000000");
      this.exec("PRAGMA synchronous=FULL");
      this.exec("PRAGMA foreign_keys=ON");
      // Deleted content is overwritten with zeros (docs/decisions/0019).
      this.exec("PRAGMA secure_delete=ON");
      this.exec("PRAGMA temp_store=MEMORY");
      this.exec(`PRAGMA cache_size=-${cacheKiB}`);
      if (readonly) this.exec("PRAGMA query_only=ON");
    } catch (error) {
      throw translateError(error);
    }
  }

  all(query: Query): Row[] {
    if (query.isReusable && this.#answers) return this.#answers.of(query, this.#dataVersion(), () => this.#all(query));
    return this.#all(query);
  }

  #all({ text, values }: Query): Row[] {
    try {
      return this.#prepare(text).all(...values);
    } catch (error) {
      throw translateError(error);
    }
  }

  /** Changes when another connection commits. */
  #dataVersion(): unknown {
    return this.#all({ text: "PRAGMA data_version", values: [] })[0]?.["data_version"];
  }

  first(query: Query): Row | undefined {
    if (query.isReusable) return this.all(query)[0];
    const { text, values } = query;
    try {
      return this.#prepare(text).get(...values) ?? undefined;
    } catch (error) {
      throw translateError(error);
    }
  }

  /** The rows one by one: the statement must not be used again before the last. */
  *iterate({ text, values }: Query): Generator<Row> {
    try {
      yield* this.#prepare(text).iterate(...values);
    } catch (error) {
      throw translateError(error);
    }
  }

  /** Reads next to nothing: in a transaction, what it sees is fixed from here on. */
  touch(): void {
    this.#prepare("SELECT 1 FROM sqlite_schema LIMIT 1").get();
  }

  /** The lines of `EXPLAIN QUERY PLAN`. */
  explain(text: string): PlanLine[] {
    try {
      // Unlike other statements, EXPLAIN doesn't notice that another connection changed the schema; this one does.
      this.touch();
      // Used once for each text, so not kept.
      using statement = this.#database.prepare<PlanLine, []>(`EXPLAIN QUERY PLAN ${text}`);
      return statement.all();
    } catch (error) {
      throw translateError(error);
    }
  }

  /** @returns the number of rows changed */
  run({ text, values }: Query): number {
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
