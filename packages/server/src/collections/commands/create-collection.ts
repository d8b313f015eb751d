import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import { mergeCollection } from "../model/collection-json.ts";
import { asObject, orBadRequest, readText } from "../fields/decode-json.ts";
import { newDraft } from "../model/new-draft.ts";
import { normaliseNew } from "../model/normalise-collection.ts";
import { saveCollection } from "./save-collection.ts";

/**
 * Creates a collection and its table. The body is read on top of the defaults of its type.
 *
 * @throws ApiError 400 with the problems
 */
export async function createCollection(
  tx: Transaction,
  context: CollectionContext,
  body: unknown,
): Promise<Collection> {
  const { type, name } = orBadRequest(() => {
    const kind = asObject(body);
    return { type: readText(kind, "type"), name: readText(kind, "name") };
  }, "Failed to load the collection type data due to invalid formatting.");
  const scaffold = newDraft(type, name);
  const draft = mergeCollection(asObject(body), scaffold);
  return saveCollection(tx, context, normaliseNew(draft, scaffold.id, context.schema, context.now), undefined);
}
