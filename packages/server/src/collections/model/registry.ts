import type { ClientFilters } from "../../config.ts";
import { sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { collectionFromRow, OWN_OPTIONS } from "./collection-row.ts";
import { Schema } from "./schema.ts";

/** Loads all collections in the order of their creation. */
export async function loadSchema(reader: Reader): Promise<Schema> {
  const rows = await reader.all(sql`SELECT *, ${OWN_OPTIONS} FROM _collections ORDER BY rowid`);
  return new Schema(rows.map(collectionFromRow));
}

/** Holds the current schema. It is replaced as a whole, so a caller that read `current` keeps a consistent one. */
export class Registry {
  #current: Schema;

  constructor(clientFilters?: ClientFilters) {
    this.#current = new Schema([], clientFilters);
  }

  get current(): Schema {
    return this.#current;
  }

  /**
   * Call it right after the commit, so that nobody sees the old schema with the new tables. An equal schema is ignored,
   * so that writes in progress need not be prepared again.
   */
  replace(schema: Schema): void {
    if (!Bun.deepEquals(schema.collections, this.#current.collections)) this.#set(schema);
  }

  async reload(reader: Reader): Promise<void> {
    this.#set(await loadSchema(reader));
  }

  /** The setting for clients' filters is the server's, whatever the schema was loaded for. */
  #set(schema: Schema): void {
    const { clientFilters } = this.#current;
    this.#current = schema.clientFilters === clientFilters ? schema : new Schema(schema.collections, clientFilters);
  }
}
