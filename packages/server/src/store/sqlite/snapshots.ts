import { toQuery } from "../sql.ts";
import type { Reader } from "../store.ts";
import { Connection } from "./connection.ts";

/** Connections kept for later snapshots; the last used goes first, as its cache is warm. */
const MAX_IDLE = 4;

/** Read transactions, each on its own connection: a snapshot may be held over several turns of the loop. */
export class Snapshots {
  readonly #path: string;
  readonly #idle: Connection[] = [];
  #closed = false;

  constructor(path: string) {
    this.#path = path;
  }

  read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    return this.use((connection) => work(readerOn(connection)));
  }

  async use<T>(work: (connection: Connection) => Promise<T>): Promise<T> {
    const connection = this.#idle.pop() ?? new Connection(this.#path, { readonly: true, cacheKiB: 8_000 });
    try {
      connection.exec("BEGIN");
      return await work(connection);
    } finally {
      if (connection.inTransaction) connection.exec("COMMIT");
      if (this.#closed || this.#idle.length >= MAX_IDLE) connection.close();
      else this.#idle.push(connection);
    }
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.close();
  }
}

export const readerOn = (connection: Connection): Reader => ({
  all: async (statement) => connection.all(toQuery(statement)),
  first: async (statement) => connection.first(toQuery(statement)),
});
