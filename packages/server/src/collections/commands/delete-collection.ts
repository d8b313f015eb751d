import { type ApiError, badRequest, notFound } from "../../lib/api-error.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import { dropCollection } from "./drop-collection.ts";
import { refreshDependentViews } from "../views/refresh-dependent-views.ts";

/**
 * Deletes a collection with its table or view. Its records send no events, and the caller must delete its files.
 *
 * @returns the deleted collection
 * @throws ApiError 404 if it does not exist; 400 for a system collection or one that others refer to
 */
export async function deleteCollection(
  tx: Transaction,
  { schema, now }: Pick<CollectionContext, "schema" | "now">,
  nameOrId: string,
): Promise<Collection> {
  const collection = schema.find(nameOrId);
  if (!collection) throw notFound();
  const references = schema.collections.filter((other) => other.id !== collection.id && refersTo(other, collection));
  if (collection.system || references.length > 0) throw failure(references);

  await dropCollection(tx, schema, collection);
  const broken = await refreshDependentViews(tx, { schema: schema.without(collection.id), now }, collection);
  if (broken.length > 0) throw failure([]);
  return collection;
}

const refersTo = (other: Collection, target: Collection): boolean =>
  other.fields.some((field) => field.type === "relation" && field.collectionId === target.id);

function failure(references: readonly Collection[]): ApiError {
  const names = references.map(({ name }) => name).join(", ");
  return badRequest(`Failed to delete collection${names && ` probably due to existing reference in ${names}`}`);
}
