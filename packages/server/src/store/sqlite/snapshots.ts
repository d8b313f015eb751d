import { toQuery } from "../sql.ts";
import { type Reader, StoreError } from "../store.ts";
import { Connection } from "./connection.ts";

/** Connections kept for later snapshots; the last used goes first, as its cache is warm. */
const MAX_IDLE = 4;
/** How long a snapshot waits for a connection when no more can be opened, in milliseconds. */
const MAX_WAIT_MS = 5_000;

/** Read transactions, each on its own connection: a snapshot may be held over several turns of the loop. */
export class Snapshots {
  readonly #path: string;
  readonly #idle: Connection[] = [];
  /** Called with the next connection that is free. */
  readonly #waiting = new Set<(connection: Connection) => void>();
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
    const connection = this.#idle.pop() ?? (await this.#connectOrWait());
    try {
      connection.exec("BEGIN");
      return await work(connection);
    } finally {
      this.#release(connection);
    }
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
