import type { Query, Row, Sql } from "./sql.ts";

/** Outside a transaction each call sees exactly what is committed when it runs. */
export interface Reader {
  all(statement: Sql | Query): Promise<Row[]>;
  first(statement: Sql | Query): Promise<Row | undefined>;
}

/** A reader that can also run several reads on one snapshot. */
export interface SnapshotReader extends Reader {
  /** Runs reads that all see the same committed state. */
  read<T>(work: (reader: Reader) => Promise<T>): Promise<T>;
}

/**
 * On whose behalf something is read. What may take long runs in reader processes, which owners share fairly, and ends when
 * its owner no longer waits for it.
 */
export interface QueryOwner {
  /** The account's key, or the address of a guest. */
  readonly key: string;
  /** Aborts when nobody waits for the result any more. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds that one read may take, if that is less than the store's own limit. */
  readonly limitMs?: number;
  /** Called when a read leaves this thread for a reader process. */
  readonly onLeave?: () => void;
}

/** A reader that also runs what clients ask for. */
export interface ClientReader extends SnapshotReader {
  /**
   * A reader for queries that a client has a say in: a statement that may take long doesn't hold up this thread, and is cut
   * (`overrun`) when its time or memory is used up. The work of `read` may start twice, so it must only read. Without an
   * owner, `all`, `first` and `read` run here, whatever they take.
   */
  for(owner: QueryOwner): SnapshotReader;
}

/** A write transaction. Its reads see its own writes. */
export interface Transaction extends Reader {
  /** @returns the number of rows changed */
  run(statement: Sql | Query): Promise<number>;
  /** Called once, synchronously, right after the commit and before the next writer starts; never after a rollback. */
  afterCommit(callback: () => void): void;
}

/** Statements that run first and last in each transaction. */
export interface WriteBracket {
  readonly begin: string;
  readonly end: string;
}

export interface WriteOptions {
  /**
   * Share the commit with no other writer: for changes of collections, which the next writer must already see.
   */
  readonly alone?: boolean;
  /** Its statements may take long: with a large database they run beside this thread. */
  readonly aside?: boolean;
}

/**
 * What a database engine must provide. There is one writer at a time; writes that wait in one turn of the loop share a
 * commit, each in its own savepoint, so that a failure rolls back only the write that failed.
 */
export interface Store extends ClientReader {
  /**
   * Runs the work in a transaction and resolves when it is durable; rejects with the work's error after a rollback. The
   * work must await nothing but the transaction, as every other writer waits for it, and must not call `write`.
   */
  write<T>(work: (tx: Transaction) => Promise<T>, options?: WriteOptions): Promise<T>;
  /**
   * Lets another process write: no write of this one runs during the work, those that come wait. What was written is
   * noticed before this resolves.
   */
  lend<T>(work: () => Promise<T>): Promise<T>;
  /** From now on. */
  bracketWrites(bracket: WriteBracket): void;
  /**
   * Says that something was deleted for good. What was deleted is overwritten in the database file at once, and its WAL is
   * emptied soon.
   */
  scrub(): void;
  /** Calls back after each commit; for a commit of another process, within a quarter of a second. */
  onCommit(listener: () => void): void;
  /** Finishes the waiting writes, checkpoints and closes. Later calls reject with `closed`. */
  close(): Promise<void>;
}

export type StoreErrorKind =
  | "unique"
  | "constraint"
  | "invalid"
  | "busy"
  | "full"
  | "readonly"
  | "io"
  | "closed"
  | "overrun"
  | "abandoned"
  | "crowded"
  | "overloaded"
  | "other";

/** An error of the engine, independent of its driver. */
export class StoreError extends Error {
  override readonly name = "StoreError";

  /**
   * @param kind `unique`: a unique index or primary key was violated; `constraint`: another constraint;
   *   `invalid`: the statement can't run (no such column, bad syntax); `busy`: another process holds the lock;
   *   `full`: the disk is full; `readonly`: the folder can't be written; `io`: the disk or the system fails, such as at the
   *   limit of open files; `closed`: the store was closed; `overrun`: a query took too long or too much memory;
   *   `abandoned`: its owner no longer waits for it; `crowded`: its owner has too many queries; `overloaded`: all owners
   *   together have
   * @param columns for `unique`, the columns as `table.column`; empty for an index on an expression
   */
  constructor(
    readonly kind: StoreErrorKind,
    message: string,
    readonly columns: readonly string[] = [],
    cause?: unknown,
  ) {
    super(message, { cause });
  }
}

const CUT: ReadonlySet<StoreErrorKind> = new Set(["overrun", "abandoned", "crowded", "overloaded"]);

/** Was a query cut or refused because it takes too much, and not because something failed? */
export const isCutQuery = (error: unknown): error is StoreError => error instanceof StoreError && CUT.has(error.kind);

const OUTAGES: ReadonlySet<StoreErrorKind> = new Set(["busy", "full", "readonly", "io", "closed"]);

/** Does the machine keep the store from working? No client caused it, and it may pass. */
export const isOutage = (error: unknown): error is StoreError => error instanceof StoreError && OUTAGES.has(error.kind);
