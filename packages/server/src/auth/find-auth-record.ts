import type { RecordValues } from "@headwater/protocol";
import type { AuthCollection } from "../collections/model/collection.ts";
import { readRow } from "../records/model/columns.ts";
import { sql, toQuery } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";

const texts = new WeakMap<AuthCollection, string>();

/** The record with this id. Every request with a token reads one, so each collection builds the statement once. */
export async function findAuthRecord(
  reader: Reader,
  collection: AuthCollection,
  id: string,
): Promise<RecordValues | undefined> {
  let text = texts.get(collection);
  if (text === undefined) {
    ({ text } = toQuery(sql`SELECT * FROM ${sql.id(collection.name)} WHERE id = ${id}`));
    texts.set(collection, text);
  }
  const row = await reader.first({ text, values: [id] });
  return row && readRow(collection, row);
}
