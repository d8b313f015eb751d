import { type Query, type Row, type Sql, toQuery } from "../sql.ts";
import {
  type QueryOwner,
  type Reader,
  type SnapshotReader,
  type Store,
  StoreError,
  type Transaction,
  type WriteBracket,
  type WriteOptions,
} from "../store.ts";
import { Checkpointer } from "./checkpointer.ts";
import { Connection } from "./connection.ts";
import { QueryRouter, type QueryUse } from "./query-router.ts";
import { ReaderPool, type ReaderPoolOptions, type ReaderStatus } from "./reader-pool.ts";
import { Snapshots } from "./snapshots.ts";
import { TableStatistics } from "./table-statistics.ts";
import { type AsideOptions, writeAside } from "./aside/write-aside.ts";
import { Writer } from "./writer.ts";

/** Measurements of tables wait among the queries of clients. */
const STATISTICS: QueryOwner = { key: "statistics" };
/** How often the store checks for commits of other processes and for a long WAL, in milliseconds. */
const POLL_MS = 200;

/** A read that blocks a full checkpoint of a long WAL is cut if it is older than this, in milliseconds. */
const OLD_SNAPSHOT_MS = 1_000;

/** Pages above which a statement on all rows of a table may take long: 8 MiB. */
const LARGE_PAGES = 2_048;

export interface SqliteStoreOptions {
  /** The processes that run expensive queries; without readers they all run here. */
  readonly readers?: Partial<ReaderPoolOptions>;
}

const DEFAULT_READERS: ReaderPoolOptions = {
  readers: 2,
  limitMs: 30_000,
  memoryBytes: 256 << 20,
  answerBytes: 128 << 20,
};

export interface ObservedStore extends Store {
  /** `undefined` without readers. */
  readonly readers: ReaderStatus | undefined;
  /** What was run for clients, the most frequent first; empty without readers. */
  readonly uses: readonly QueryUse[];
}

/** Opens a database file, created if missing. @throws StoreError if it can't be opened or is not a database */
export const openSqliteStore = (path: string, options: SqliteStoreOptions = {}): ObservedStore =>
  new SqliteStore(path, options);

class SqliteStore implements ObservedStore {
  readonly #path: string;
  readonly #writeConnection: Connection;
  readonly #readConnection: Connection;
  readonly #writer: Writer;
  readonly #snapshots: Snapshots;
  readonly #checkpointer: Checkpointer;
  readonly #pool: ReaderPool | undefined;
  readonly #router: QueryRouter | undefined;
  readonly #pollTimer: Timer;
  readonly #listeners: (() => void)[] = [];
  #lastDataVersion: unknown;
  #committed = false;
  #closed = false;

  constructor(path: string, { readers }: SqliteStoreOptions) {
    this.#path = path;
    this.#writeConnection = new Connection(path, { busyTimeoutMs: 0 });
    this.#writeConnection.exec("PRAGMA wal_autocheckpoint=0");
    this.#readConnection = new Connection(path, { readonly: true });
    this.#snapshots = new Snapshots(path);
    this.#writer = new Writer(this.#writeConnection, () => {
      this.#committed = true;
      this.#notifyListeners();
    });
    const poolOptions = { ...DEFAULT_READERS, ...readers };
    if (poolOptions.readers > 0) {
      const pool = new ReaderPool(path, poolOptions);
      const connection = this.#readConnection;
      const statistics = new TableStatistics(connection, (text) =>
        pool.read(STATISTICS, "light", (reader) => reader.first({ text, values: [] })),
      );
      this.#router = new QueryRouter({ connection, snapshots: this.#snapshots, statistics, pool });
      this.#pool = pool;
    }
    this.#checkpointer = new Checkpointer({
      path,
      pauseWriter: (work) => this.#writer.pause(work),
      cutOldestQuery: () => this.#pool?.cutOldest(OLD_SNAPSHOT_MS),
    });
    this.#lastDataVersion = this.#dataVersion();
    this.#pollTimer = setInterval(() => this.#poll(), POLL_MS).unref();
  }

  async all(statement: Sql | Query): Promise<Row[]> {
    this.#assertOpen();
    return this.#readConnection.all(toQuery(statement));
  }

  async first(statement: Sql | Query): Promise<Row | undefined> {
    this.#assertOpen();
    return this.#readConnection.first(toQuery(statement));
  }

  async read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    this.#assertOpen();
    return this.#snapshots.read(work);
  }

  for(owner: QueryOwner): SnapshotReader {
    this.#assertOpen();
    return this.#router?.for(owner) ?? this;
  }

  get readers(): ReaderStatus | undefined {
    return this.#pool?.status;
  }

  get uses(): readonly QueryUse[] {
    return this.#router?.uses() ?? [];
  }

  async write<T>(work: (tx: Transaction) => Promise<T>, options?: WriteOptions): Promise<T> {
    if (options?.aside && this.#isLarge()) return this.#writeAside(work);
    const value = await this.#writer.write(work, options);
    // Tables have changed, and so plans.
    if (options?.alone) this.#router?.forget();
    return value;
  }

  async lend<T>(work: () => Promise<T>): Promise<T> {
    this.#assertOpen();
    try {
      return await this.#writer.pause(work);
    } finally {
      this.#poll();
    }
  }

  scrub(): void {
    this.#checkpointer.scrub();
  }

  bracketWrites(bracket: WriteBracket): void {
    this.#writer.bracket = bracket;
  }

  onCommit(listener: () => void): void {
    this.#listeners.push(listener);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#writer.close();
    this.#closed = true;
    clearInterval(this.#pollTimer);
    await this.#checkpointer.close();
    // Before our last connection, which removes the WAL.
    await this.#pool?.close();
    this.#snapshots.close();
    this.#readConnection.close();
    // The last connection to close moves the WAL into the database file and removes it.
    this.#writeConnection.close();
  }

  #writeAside<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    const options: AsideOptions = {
      path: this.#path,
      bracket: this.#writer.bracket,
      version: () => this.#dataVersion(),
      hold: () => {
        const version = this.#dataVersion();
        this.#snapshots.hold(() => this.#dataVersion() === version);
        this.#readConnection.exec("BEGIN");
        this.#readConnection.touch();
      },
      release: (applied) => {
        this.#readConnection.exec("COMMIT");
        this.#snapshots.release();
        applied?.();
        this.#poll();
      },
    };
    return this.#writer.pause(() => writeAside(options, work));
  }

  /** Without readers, nothing runs in other processes. */
  #isLarge(): boolean {
    if (!this.#pool) return false;
    const pages = this.#readConnection.first({ text: "PRAGMA page_count", values: [] })?.["page_count"];
    return Number(pages) > LARGE_PAGES;
  }

  #notifyListeners(): void {
    for (const listener of this.#listeners) listener();
  }

  /** An error passes, or a write reports it: here it would end the process. */
  #poll(): void {
    try {
      this.#checkForCommits();
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
    }
  }

  #checkForCommits(): void {
    if (this.#writeConnection.inTransaction) return;
    const dataVersion = this.#dataVersion();
    if (dataVersion !== this.#lastDataVersion) {
      this.#lastDataVersion = dataVersion;
      this.#router?.forget();
      this.#committed = true;
      this.#notifyListeners();
    }
    this.#checkpointer.scrubIfDue();
    if (!this.#committed) return;
    this.#committed = false;
    const wal = this.#writeConnection.first({ text: "PRAGMA wal_checkpoint(NOOP)", values: [] });
    this.#checkpointer.startIfNeeded({ log: Number(wal?.["log"]), checkpointed: Number(wal?.["checkpointed"]) });
  }

  /** Changes when another connection commits, but not with the writer's own commits. */
  #dataVersion(): unknown {
    return this.#writeConnection.first({ text: "PRAGMA data_version", values: [] })?.["data_version"];
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError("closed", "the database is closed");
  }
}
