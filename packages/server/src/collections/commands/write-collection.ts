import type { ErrorData } from "@headwater/protocol";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import { insertCollection, updateCollectionRow } from "../model/collections-table.ts";
import { createTable } from "../tables/create-table.ts";
import { type CollectionDraft, collectionOf } from "../model/collection-draft.ts";
import { createIndexes } from "../tables/indexes.ts";
import { logCollectionChange } from "../model/log-collection-change.ts";
import { applyForcedOptions } from "../model/normalise-collection.ts";
import { renameRateLimitLabels } from "./rename-rate-limit-labels.ts";
import type { Schema } from "../model/schema.ts";
import { alterTable } from "../tables/alter-table.ts";
import { dropView } from "../tables/drop-views.ts";
import { writeSearchTable } from "../tables/search-table.ts";
import { inferViewFields, createView, viewErrorMessage } from "../views/create-view.ts";

/**
 * Writes a valid collection: its row, its table or view, and the change in the log.
 *
 * @returns the collection, and the problems of its indexes
 * @throws StoreError if the engine refuses the table or view
 */
export async function writeCollection(
  tx: Transaction,
  draft: CollectionDraft,
  original: Collection | undefined,
): Promise<{ readonly collection: Collection; readonly indexes: ErrorData | undefined }> {
  const collection = collectionOf(applyForcedOptions(draft, original));
  if (original) await updateCollectionRow(tx, collection);
  else await insertCollection(tx, collection);
  const indexes = await writeTable(tx, collection, original);
  if (original && original.name !== collection.name) await renameRateLimitLabels(tx, original.name, collection.name);
  await logCollectionChange(tx, original, collection);
  return { collection, indexes };
}

async function writeTable(
  tx: Transaction,
  collection: Collection,
  original: Collection | undefined,
): Promise<ErrorData | undefined> {
  if (collection.type === "view") {
    if (original) await dropView(tx, original.name);
    await createView(tx, collection);
    return undefined;
  }
  const indexes = await writeOwnTable(tx, collection, original);
  if (collection.search || original?.search) await writeSearchTable(tx, collection);
  return indexes;
}

async function writeOwnTable(
  tx: Transaction,
  collection: Collection,
  original: Collection | undefined,
): Promise<ErrorData | undefined> {
  if (original) return alterTable(tx, original, collection);
  await createTable(tx, collection);
  return createIndexes(tx, collection);
}

/**
 * Replaces the fields of a view with those of its query; submitted fields are ignored. With an invalid query the view
 * has no fields, and validation fails later.
 */
export async function withInferredFields(
  tx: Transaction,
  draft: CollectionDraft,
  schema: Schema,
): Promise<CollectionDraft> {
  if (draft.type !== "view") return draft;
  try {
    return { ...draft, fields: await inferViewFields(tx, draft.viewQuery, schema) };
  } catch (error) {
    viewErrorMessage(error);
    return { ...draft, fields: [] };
  }
}
