import type { JsonValue } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { notFound } from "../../lib/api-error.ts";
import type { Reader } from "../../store/store.ts";
import { type HistoryEntry, readHistory } from "../kept/history.ts";

/** The most versions that a restore goes back. */
const MAX_VERSIONS = 10_000;

/**
 * What to write so that a record is again as it was after one of its versions: the fields that have changed since, with the
 * values that they had. Files and dates stay as they are.
 *
 * @throws ApiError 404 for a version that is not kept
 */
export async function valuesAfter(
  reader: Reader,
  collection: Collection,
  id: string,
  version: number,
): Promise<Readonly<Record<string, JsonValue>>> {
  const entries = await readHistory(reader, collection, id, { limit: MAX_VERSIONS });
  const place = entries.findIndex((entry) => entry.version === version);
  if (place < 0 || entries[place]!.action === "delete") throw notFound(`There is no version ${version} of the record.`);
  return valuesBefore(collection, entries.slice(0, place));
}

/** @param undone the newest first */
function valuesBefore(collection: Collection, undone: readonly HistoryEntry[]): Readonly<Record<string, JsonValue>> {
  const fields = new Map(collection.fields.map((field) => [field.id, field]));
  const values: Record<string, JsonValue> = {};
  for (const { action, changes } of undone) {
    // A record that was deleted and restored is what it was before.
    if (action !== "update") continue;
    for (const [fieldId, [old]] of Object.entries(changes)) {
      const field = fields.get(fieldId);
      if (!field || field.hidden || field.type === "file" || field.type === "autodate") continue;
      // A text in a json field would be read as JSON.
      values[field.name] = field.type === "json" ? JSON.stringify(old) : old;
    }
  }
  return values;
}
