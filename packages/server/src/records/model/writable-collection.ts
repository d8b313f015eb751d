import type { Collection, ViewCollection } from "../../collections/model/collection.ts";
import { badRequest } from "../../lib/api-error.ts";

/** A collection whose records can be written. A view only shows records of other collections. */
export type WritableCollection = Exclude<Collection, ViewCollection>;

/**
 * The one check for views: every function that writes records takes a `WritableCollection`, so each request, mutator or
 * library call passes here first.
 *
 * @throws ApiError 400 for a view
 */
export function assertWritable(collection: Collection): asserts collection is WritableCollection {
  if (collection.type === "view") throw badRequest("Unsupported collection type.");
}
