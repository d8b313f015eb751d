import { ApiError, badRequest } from "../lib/api-error.ts";
import type { Transaction } from "../store/store.ts";
import type { Collection } from "./collection.ts";
import { mergeCollection } from "./collection-json.ts";
import { isObject, readText } from "./decode.ts";
import { newDraft } from "./draft.ts";
import { normaliseNew } from "./normalise-collection.ts";
import { type CollectionContext, saveCollection } from "./save-collection.ts";

/**
 * Makes a collection and its table. The body is read on top of the defaults of its type.
 *
 * @throws ApiError 400 with what is wrong
 */
export async function createCollection(
  tx: Transaction,
  context: CollectionContext,
  body: unknown,
): Promise<Collection> {
  const { type, name } = readKind(body);
  const scaffold = newDraft(type, name);
  const draft = mergeCollection(isObject(body) ? body : {}, scaffold);
  return saveCollection(tx, context, normaliseNew(draft, scaffold.id, context.schema, context.now), undefined);
}

function readKind(body: unknown): { readonly type: string; readonly name: string } {
  try {
    if (!isObject(body)) throw badRequest();
    return { type: readText(body, "type"), name: readText(body, "name") };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    throw badRequest("Failed to load the collection type data due to invalid formatting.");
  }
}
