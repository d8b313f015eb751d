import { notFound } from "../../lib/api-error.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import { mergeCollection } from "../model/collection-json.ts";
import { asObject } from "../fields/decode-json.ts";
import { draftOf } from "../model/collection-draft.ts";
import { normaliseChanged } from "../model/normalise-collection.ts";
import { renameInOptions } from "../model/own-options.ts";
import { saveCollection } from "./save-collection.ts";

/**
 * Updates a collection and its table. Submitted fields and indexes replace the old ones; everything else merges.
 *
 * @throws ApiError 404 if the collection does not exist; 400 with the problems
 */
export async function updateCollection(
  tx: Transaction,
  context: CollectionContext,
  nameOrId: string,
  body: unknown,
): Promise<Collection> {
  const original = context.schema.find(nameOrId);
  if (!original) throw notFound();
  const draft = mergeCollection(asObject(body), draftOf(original));
  // PocketBase looks for the collection again under the id that it has now.
  if (!context.schema.find(draft.id)) throw notFound();
  return saveCollection(tx, context, normaliseChanged(renameInOptions(draft, original), context.now), original);
}
