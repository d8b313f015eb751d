import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import { mergeCollection } from "../model/collection-json.ts";
import { asObject, type JsonObject, orBadRequest, readText } from "../fields/decode-json.ts";
import { badRequest } from "../../lib/api-error.ts";
import { newDraft } from "../model/new-draft.ts";
import { normaliseNew } from "../model/normalise-collection.ts";
import { saveCollection } from "./save-collection.ts";

const NO_TYPE_DATA = "Failed to load the collection type data due to invalid formatting.";

/** PocketBase matches these two names in any case, and refuses a body with both of two spellings. */
function readTypeData(body: JsonObject): { readonly type: string; readonly name: string } {
  const members = Object.entries(body).map(([key, value]) => [key.toLowerCase(), value] as const);
  const known = members.filter(([key]) => key === "type" || key === "name");
  const data = Object.fromEntries(known);
  if (Object.keys(data).length < known.length) throw badRequest(NO_TYPE_DATA);
  return { type: readText(data, "type"), name: readText(data, "name") };
}

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
  const { type, name } = orBadRequest(() => readTypeData(asObject(body)), NO_TYPE_DATA);
  const scaffold = newDraft(type, name);
  const draft = mergeCollection(asObject(body), scaffold);
  return saveCollection(tx, context, normaliseNew(draft, scaffold.id, context.schema, context.now), undefined);
}
