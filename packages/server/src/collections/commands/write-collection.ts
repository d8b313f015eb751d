import type { ErrorData } from "@headwater/protocol";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import { insertCollection, updateCollectionRow } from "../model/collections-table.ts";
import { createTable } from "../tables/create-table.ts";
import { type CollectionDraft, collectionOf } from "../model/collection-draft.ts";
import { createIndexes } from "../tables/indexes.ts";
import { logCollection } from "../model/log-collection-change.ts";
import { settleDraft } from "../model/normalise-collection.ts";
import { renameRateLimits } from "./rename-rate-limit-labels.ts";
import type { Schema } from "../model/schema.ts";
import { syncTable } from "../tables/alter-table.ts";
import { dropView } from "../tables/drop-views.ts";
import { inferViewFields, syncView, viewErrorText } from "../views/create-view.ts";

/**
 * Writes a collection that was found valid: its row, its table or view, and its change in the log.
 *
 * @returns the collection, and what the engine refused of its indexes
 * @throws StoreError when the engine refuses the table or view
 */
export async function storeCollection(
  tx: Transaction,
  draft: CollectionDraft,
  original: Collection | undefined,
): Promise<{ readonly collection: Collection; readonly indexes: ErrorData | undefined }> {
  const collection = collectionOf(settleDraft(draft, original));
  if (original) await updateCollectionRow(tx, collection);
  else await insertCollection(tx, collection);
  const indexes = await syncStorage(tx, collection, original);
  if (original && original.name !== collection.name) await renameRateLimits(tx, original.name, collection.name);
  await logCollection(tx, original, collection);
  return { collection, indexes };
}

async function syncStorage(
  tx: Transaction,
  collection: Collection,
  original: Collection | undefined,
): Promise<ErrorData | undefined> {
  if (collection.type === "view") {
    if (original) await dropView(tx, original.name);
    await syncView(tx, collection);
    return undefined;
  }
  if (original) return syncTable(tx, original, collection);
  await createTable(tx, collection);
  return createIndexes(tx, collection);
}

/**
 * The draft of a view with the fields that its query has: what a client sends as such does not count. A query that
 * can't be used leaves none, and is found wrong later.
 */
export async function withViewFields(
  tx: Transaction,
  draft: CollectionDraft,
  schema: Schema,
): Promise<CollectionDraft> {
  if (draft.type !== "view") return draft;
  try {
    return { ...draft, fields: await inferViewFields(tx, draft.viewQuery, schema) };
  } catch (error) {
    viewErrorText(error);
    return { ...draft, fields: [] };
  }
}
