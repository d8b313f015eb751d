import type { Collection } from "../../collections/model/collection.ts";
import { badRequest } from "../../lib/api-error.ts";

/** @throws ApiError 400 for a view, whose records are other collections' */
export function assertWritable(collection: Collection): void {
  if (collection.type === "view") throw badRequest("Unsupported collection type.");
}
