import type { Query, Row, Sql } from "../sql.ts";
import { type Reader, type Store, StoreError, type Transaction, type WriteOptions } from "../store.ts";
import { Checkpointer } from "./checkpointer.ts";
import { Connection } from "./connection.ts";
import { Snapshots } from "./snapshots.ts";
import { Writer } from "./writer.ts";

/** How often the store checks for commits of other processes and for a long WAL, in milliseconds. */
const POLL_MS = 200;

/** Opens a database file, created if missing. @throws StoreError if it can't be opened or is not a database */
export const openSqliteStore = (path: string): Store => new SqliteStore(path);

class SqliteStore implements Store {
  readonly #writeConnection: Connection;
  readonly #readConnection: Connection;
  readonly #writer: Writer;
  readonly #snapshots: Snapshots;
  readonly #checkpointer: Checkpointer;
  readonly #pollTimer: Timer;
  readonly #listeners: (() => void)[] = [];
  #lastDataVersion: unknown;
  #committed = false;
  #closed = false;

  constructor(path: string) {
    this.#writeConnection = new Connection(path, { busyTimeoutMs: 0 });
    this.#writeConnection.exec("PRAGMA wal_autocheckpoint=0");
    this.#readConnection = new Connection(path, { readonly: true });
    this.#snapshots = new Snapshots(path);
    this.#writer = new Writer(this.#writeConnection, () => {
      this.#committed = true;
      this.#notifyListeners();
    });
    this.#checkpointer = new Checkpointer(path, (work) => this.#writer.pause(work));
    this.#lastDataVersion = this.#dataVersion();
    this.#pollTimer = setInterval(() => this.#poll(), POLL_MS).unref();
  }

  async all(statement: Sql | Query): Promise<Row[]> {
    this.#assertOpen();
    return this.#readConnection.all(statement);
  }

  async first(statement: Sql | Query): Promise<Row | undefined> {
    this.#assertOpen();
    return this.#readConnection.first(statement);
  }

  async read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    this.#assertOpen();
    return this.#snapshots.read(work);
  }

  async write<T>(work: (tx: Transaction) => Promise<T>, options?: WriteOptions): Promise<T> {
    return this.#writer.write(work, options);
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
    this.#snapshots.close();
    this.#readConnection.close();
    // The last connection to close moves the WAL into the database file and removes it.
    this.#writeConnection.close();
  }

  #notifyListeners(): void {
    for (const listener of this.#listeners) listener();
  }

  #poll(): void {
    if (this.#writeConnection.inTransaction) return;
    const dataVersion = this.#dataVersion();
    if (dataVersion !== this.#lastDataVersion) {
      this.#lastDataVersion = dataVersion;
      this.#committed = true;
      this.#notifyListeners();
    }
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
