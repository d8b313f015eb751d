import { sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { collectionFromRow } from "./collection-row.ts";
import { Schema } from "./schema.ts";

/** The collections as the reader sees them, in the order in which they were made. */
export async function loadSchema(reader: Reader): Promise<Schema> {
  const rows = await reader.all(sql`SELECT * FROM _collections ORDER BY rowid`);
  return new Schema(rows.map(collectionFromRow));
}

/** The schema in force. It is replaced whole, so whoever took `current` keeps a consistent one. */
export class Registry {
  #current = new Schema([]);

  get current(): Schema {
    return this.#current;
  }

  /**
   * For a verb's result, right after its commit: nobody may see the old schema once the new tables are there. One that
   * says the same changes nothing, so that writes under way need not be prepared again.
   */
  replace(schema: Schema): void {
    if (!Bun.deepEquals(schema.collections, this.#current.collections)) this.#current = schema;
  }

  async reload(reader: Reader): Promise<void> {
    this.#current = await loadSchema(reader);
  }
}
