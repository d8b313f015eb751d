import { type ApiError, badRequest, notFound } from "../../lib/api-error.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import type { CollectionContext } from "../validate/collection-context.ts";
import { dropCollection } from "./drop-collection.ts";
import { refreshViews } from "../views/refresh-dependent-views.ts";

/**
 * Deletes a collection with its table or view. Its records make no events of their own, and its files are left to the
 * caller.
 *
 * @returns the collection as it was
 * @throws ApiError 404 when there is no such collection; 400 for one that is the system's or that another needs
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
  const broken = await refreshViews(tx, { schema: schema.without(collection.id), now }, collection);
  if (broken.length > 0) throw failure([]);
  return collection;
}

const refersTo = (other: Collection, target: Collection): boolean =>
  other.fields.some((field) => field.type === "relation" && field.collectionId === target.id);

function failure(references: readonly Collection[]): ApiError {
  const names = references.map(({ name }) => name).join(", ");
  return badRequest(`Failed to delete collection${names && ` probably due to existing reference in ${names}`}`);
}
