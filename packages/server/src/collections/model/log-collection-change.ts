import { collectionId, type RecordValues, recordId } from "@headwater/protocol";
import { appendChange } from "../../log/append-change.ts";
import type { NewChange } from "../../log/change.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "./collection.ts";

/** Where the log tells of collections themselves. */
export const COLLECTIONS = collectionId("_collections");

/**
 * Tells the log that a collection came, changed or went. Followers only need to know that there is something to load
 * again, and whether who may see its records has changed; nothing secret goes in.
 */
export async function logCollection(
  tx: Transaction,
  before: Collection | undefined,
  after: Collection | undefined,
): Promise<void> {
  const change = changeOf(before, after);
  if (change) await appendChange(tx, change, new Set());
}

function changeOf(before: Collection | undefined, after: Collection | undefined): NewChange | undefined {
  const known = after ?? before;
  if (!known) return undefined;
  const place = { collection: COLLECTIONS, record: recordId(known.id) };
  if (!before) return { ...place, action: "create", before: null, after: summaryOf(known) };
  if (!after) return { ...place, action: "delete", before: summaryOf(known), after: null };
  return { ...place, action: "update", before: summaryOf(before), after: summaryOf(after) };
}

/** Of the fields it can only be said whether they are the same. */
const summaryOf = ({ id, name, type, listRule, viewRule, fields }: Collection): RecordValues => ({
  id: recordId(id),
  name,
  type,
  listRule,
  viewRule,
  fields: Bun.hash(JSON.stringify(fields)).toString(36),
});
