import type { Query, Row, Sql } from "../sql.ts";
import { type Reader, type Store, StoreError, type Transaction, type WriteOptions } from "../store.ts";
import { Checkpointer } from "./checkpointer.ts";
import { Connection } from "./connection.ts";
import { Snapshots } from "./snapshots.ts";
import { Writer } from "./writer.ts";

/** How often the store looks for commits of other processes and for a long WAL, in milliseconds. */
const WATCH_MS = 200;

/** Opens a database file, made if it is missing. @throws StoreError when it can't be opened or is not a database */
export const openSqliteStore = (path: string): Store => new SqliteStore(path);

class SqliteStore implements Store {
  readonly #writing: Connection;
  readonly #reading: Connection;
  readonly #writer: Writer;
  readonly #snapshots: Snapshots;
  readonly #checkpointer: Checkpointer;
  readonly #watch: Timer;
  readonly #listeners: (() => void)[] = [];
  #otherCommits: unknown;
  #committed = false;
  #closed = false;

  constructor(path: string) {
    this.#writing = new Connection(path, { busyTimeoutMs: 0 });
    this.#writing.exec("PRAGMA wal_autocheckpoint=0");
    this.#reading = new Connection(path, { readonly: true });
    this.#snapshots = new Snapshots(path);
    this.#writer = new Writer(this.#writing, () => {
      this.#committed = true;
      this.#announce();
    });
    this.#checkpointer = new Checkpointer(path, (work) => this.#writer.pause(work));
    this.#otherCommits = this.#dataVersion();
    this.#watch = setInterval(() => this.#look(), WATCH_MS).unref();
  }

  async all(statement: Sql | Query): Promise<Row[]> {
    this.#assertOpen();
    return this.#reading.all(statement);
  }

  async first(statement: Sql | Query): Promise<Row | undefined> {
    this.#assertOpen();
    return this.#reading.first(statement);
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
    clearInterval(this.#watch);
    await this.#checkpointer.close();
    this.#snapshots.close();
    this.#reading.close();
    // The last connection to close moves the WAL into the database file and removes it.
    this.#writing.close();
  }

  #announce(): void {
    for (const listener of this.#listeners) listener();
  }

  #look(): void {
    if (this.#writing.inTransaction) return;
    const otherCommits = this.#dataVersion();
    if (otherCommits !== this.#otherCommits) {
      this.#otherCommits = otherCommits;
      this.#committed = true;
      this.#announce();
    }
    if (!this.#committed) return;
    this.#committed = false;
    const wal = this.#writing.first({ text: "PRAGMA wal_checkpoint(NOOP)", values: [] });
    this.#checkpointer.consider({ log: Number(wal?.["log"]), checkpointed: Number(wal?.["checkpointed"]) });
  }

  /** Changes when another connection commits; the writer's own commits leave it as it is. */
  #dataVersion(): unknown {
    return this.#writing.first({ text: "PRAGMA data_version", values: [] })?.["data_version"];
  }

  #assertOpen(): void {
    if (this.#closed) throw new StoreError("closed", "the database is closed");
  }
}
