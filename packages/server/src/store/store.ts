import type { Query, Row, Sql } from "./sql.ts";

/** Reads. Outside a transaction each call sees all that is committed when it runs, and nothing else. */
export interface Reader {
  all(statement: Sql | Query): Promise<Row[]>;
  first(statement: Sql | Query): Promise<Row | undefined>;
}

/** Reads, also several on one snapshot. */
export interface SnapshotReader extends Reader {
  /** Runs the reads on one snapshot: all of them see the same committed state. */
  read<T>(work: (reader: Reader) => Promise<T>): Promise<T>;
}

/** A transaction that writes. Its reads see its own writes. */
export interface Transaction extends Reader {
  /** Runs a statement; answers how many rows it changed. */
  run(statement: Sql | Query): Promise<number>;
  /** Called once, synchronously, right after the commit and before the next writer starts; never after a rollback. */
  afterCommit(callback: () => void): void;
}

export interface WriteOptions {
  /**
   * Commit on its own, sharing with no other writer: for changes of collections, after which the next writer must
   * already see the new ones.
   */
  readonly alone?: boolean;
}

/**
 * What an engine must do. One writer at a time; the works that wait in one turn of the loop share a commit, each in a
 * savepoint of its own, so that one's failure undoes that one alone.
 */
export interface Store extends SnapshotReader {
  /**
   * Runs the work in a transaction and resolves when it is durable; rejects with the work's error after undoing it.
   * The work must await nothing but the transaction: every other writer waits behind it. It must not call `write`.
   */
  write<T>(work: (tx: Transaction) => Promise<T>, options?: WriteOptions): Promise<T>;
  /** Calls back after each commit, in this process or (within a quarter of a second) in another one. */
  onCommit(listener: () => void): void;
  /** Finishes the waiting writes, checkpoints and closes. Later calls reject. */
  close(): Promise<void>;
}

/** What the engine refused, in words that no driver owns. */
export class StoreError extends Error {
  override readonly name = "StoreError";

  /**
   * @param kind `unique`: a unique index or primary key was hit; `constraint`: another constraint;
   *   `invalid`: the statement can't run (no such column, syntax); `busy`, `full`, `closed`: not now
   * @param columns for `unique`, the columns as `table.column`; empty for an index on an expression
   */
  constructor(
    readonly kind: "unique" | "constraint" | "invalid" | "busy" | "full" | "closed" | "other",
    message: string,
    readonly columns: readonly string[] = [],
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}
