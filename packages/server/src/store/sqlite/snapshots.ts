import type { Reader } from "../store.ts";
import { Connection } from "./connection.ts";

/** Connections kept for the next snapshot; the last one used is the next, so its cache is warm. */
const KEPT = 4;

/** Read transactions: each on a connection of its own, since a snapshot may be held over several turns. */
export class Snapshots {
  readonly #path: string;
  readonly #idle: Connection[] = [];
  #closed = false;

  constructor(path: string) {
    this.#path = path;
  }

  async read<T>(work: (reader: Reader) => Promise<T>): Promise<T> {
    const connection = this.#idle.pop() ?? new Connection(this.#path, { readonly: true, cacheKiB: 8_000 });
    try {
      connection.exec("BEGIN");
      return await work(readerOn(connection));
    } finally {
      if (connection.inTransaction) connection.exec("COMMIT");
      if (this.#closed || this.#idle.length >= KEPT) connection.close();
      else this.#idle.push(connection);
    }
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#idle.splice(0)) connection.close();
  }
}

export const readerOn = (connection: Connection): Reader => ({
  all: async (statement) => connection.all(statement),
  first: async (statement) => connection.first(statement),
});
