import { toQuery } from "../sql.ts";
import { type Reader, StoreError } from "../store.ts";
import { Connection } from "./connection.ts";

/** Connections that are kept. The last used goes first, as its cache is warm. */
const MAX_IDLE = 4;
/** How long a snapshot waits for a connection when no more can be opened, in milliseconds. */
const MAX_WAIT_MS = 5_000;

/** Read transactions, each on its own connection: a snapshot may be held over several turns of the loop. */
export class Snapshots {
  readonly #path: string;
  readonly #idle: Connection[] = [];
  /** Called with the next connection that is free. */
  readonly #waiting = new Set<(connection: Connection) => void>();
  readonly #used = new Set<Connection>();
  #isCurrent: (() => boolean) | undefined;
  #open = 0;
  #closed = false;

  /** Opens one connection, so that there are snapshots at the limit of open files as well. */
  constructor(path: string) {
    this.#path = path;
    this.#idle.push(this.#connect());
  }

  read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    return this.use((connection) => work(readerOn(connection)));
  }

  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = this.#idle.pop() ?? (await this.#nextOrNew());
    try {
      connection.exec("BEGIN");
      this.#used.add(connection);
      if (this.#isCurrent) this.#assertCurrent(connection, this.#isCurrent);
      return await work(connection);
    } finally {
      this.#release(connection);
    }
  }

  /** Connections that are open. */
  get size(): number {
    return this.#open;
  }

  /**
   * Until `release`, snapshots that are taken must be of what is committed now: the schema is about to change.
   *
   * @param isCurrent whether nothing else is committed yet
   */
  hold(isCurrent: () => boolean): void {
    this.#isCurrent = isCurrent;
    for (const connection of this.#used) connection.touch();
  }

  release(): void {
    this.#isCurrent = undefined;
  }

  /** The read was prepared for tables that have just changed. It is a matter of a millisecond. */
  #assertCurrent(connection: Connection, isCurrent: () => boolean): void {
    connection.touch();
    if (!isCurrent()) throw new StoreError("busy", "the collections have just changed");
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.close();
  }

  #connect(): Connection {
    const connection = new Connection(this.#path, { readonly: true, cacheKiB: 8_000 });
    this.#open += 1;
    return connection;
  }

  /**
   * Most snapshots end in the turn of the loop that they began in: waiting for one costs less than a connection with a cold
   * cache and nothing prepared. One that lasts longer may be waiting for this one.
   */
  async #nextOrNew(): Promise<Connection> {
    if (this.#open < MAX_IDLE) return this.#connectOrWait();
    const inTurn = await new Promise<Connection | undefined>((resolve) => {
      this.#waiting.add(resolve);
      setImmediate(() => {
        if (this.#waiting.delete(resolve)) resolve(undefined);
      });
    });
    return inTurn ?? this.#connectOrWait();
  }

  #connectOrWait(): Connection | Promise<Connection> {
    try {
      return this.#connect();
    } catch (error) {
      if (!(error instanceof StoreError) || error.kind !== "io" || this.#open === 0) throw error;
      return this.#nextFree(error);
    }
  }

  /** @throws the error if no connection is free in time: a snapshot may be waiting for one that it holds itself */
  #nextFree(error: StoreError): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const take = (connection: Connection): void => {
        clearTimeout(timer);
        resolve(connection);
      };
      const timer = setTimeout(() => {
        this.#waiting.delete(take);
        reject(error);
      }, MAX_WAIT_MS);
      this.#waiting.add(take);
    });
  }

  #release(connection: Connection): void {
    this.#used.delete(connection);
    if (connection.inTransaction) connection.exec("COMMIT");
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next(connection);
    } else if (this.#closed || this.#idle.length >= MAX_IDLE) {
      this.#open -= 1;
      connection.close();
    } else {
      this.#idle.push(connection);
    }
  }
}

export const readerOn = (connection: Connection): Reader => ({
  all: async (statement) => connection.all(toQuery(statement)),
  first: async (statement) => connection.first(toQuery(statement)),
});
