import type { Collection } from "../collections/model/collection.ts";
import { columnsOf } from "../records/model/columns.ts";
import { anyOf } from "../records/query/find-record.ts";
import { idColumn } from "../records/query/select-records.ts";
import { sql } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";

/** Bytes of the stored records with these ids, about. SQLite knows them without reading the values. */
export async function recordSizes(
  reader: Reader,
  collection: Collection,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  if (ids.length === 0) return new Map();
  const sizes = columnsOf(collection).map(({ name }) => sql`ifnull(octet_length(${sql.id(name)}), 0)`);
  const id = idColumn(collection);
  const rows = await reader.all(
    sql`SELECT ${id} AS "id", ${sql.join(sizes, " + ")} AS "size" FROM ${sql.id(collection.name)} WHERE ${id} IN ${anyOf(ids)}`,
  );
  return new Map(rows.map(({ id: record, size }) => [String(record), Number(size)]));
}

/** How many of the sizes, from the first on, fit into the room: at least one. */
export function countThatFit(sizes: readonly number[], room: number): number {
  let bytes = 0;
  const tooMany = sizes.findIndex((size, i) => {
    bytes += size;
    return i > 0 && bytes > room;
  });
  return tooMany === -1 ? sizes.length : tooMany;
}
