import { collectionId, type RecordValues, recordId } from "@headwater/protocol";
import { appendChange } from "../../log/append-change.ts";
import type { Change, NewChange } from "../../log/change.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "./collection.ts";

/** The collection id that the log uses for changes of collections themselves. */
export const COLLECTIONS = collectionId("_collections");

/** The record of a change that says: records of any collection, and collections, were written without the log. */
export const ANYTHING = recordId("*");

/** Did a script write? Nobody knows what, so listeners and views start over. */
export const isForeignWrite = ({ collection, record }: Pick<Change, "collection" | "record">): boolean =>
  collection === COLLECTIONS && record === ANYTHING;

/**
 * Appends the creation, update or deletion of a collection to the log. Followers only need to know that the schema must
 * be reloaded, and whether the records may be visible to different clients. The change contains no secrets.
 */
export async function logCollectionChange(
  tx: Transaction,
  before: Collection | undefined,
  after: Collection | undefined,
): Promise<void> {
  const change = newChange(before, after);
  if (change) await appendChange(tx, change);
}

function newChange(before: Collection | undefined, after: Collection | undefined): NewChange | undefined {
  const known = after ?? before;
  if (!known) return undefined;
  const place = { collection: COLLECTIONS, record: recordId(known.id) };
  if (!before) return { ...place, action: "create", before: null, after: summaryOf(known) };
  if (!after) return { ...place, action: "delete", before: summaryOf(known), after: null };
  return { ...place, action: "update", before: summaryOf(before), after: summaryOf(after) };
}

/** The fields are hashed: followers can only tell whether they changed. */
const summaryOf = ({ id, name, type, listRule, viewRule, fields, search }: Collection): RecordValues => ({
  id: recordId(id),
  name,
  type,
  listRule,
  viewRule,
  fields: Bun.hash(JSON.stringify(fields)).toString(36),
  ...(search && { search: JSON.stringify(search) }),
});
