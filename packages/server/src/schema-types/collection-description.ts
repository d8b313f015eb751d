import type { Collection } from "../collections/model/collection.ts";
import { asObject, readList, readText, readTexts } from "../collections/fields/decode-json.ts";
import { parseField } from "../collections/fields/field-kinds.ts";

/** All that types are made of. */
export type CollectionDescription = Pick<Collection, "id" | "name" | "type" | "fields" | "indexes">;

/** Collections of an application, without the server's own. */
export const applicationCollections = (collections: readonly CollectionDescription[]): CollectionDescription[] =>
  collections.filter(({ name }) => !name.startsWith("_")).toSorted((a, b) => (a.name < b.name ? -1 : 1));

/**
 * Reads a page of `GET /api/collections`, of a PocketBase server too.
 *
 * @throws ApiError 400 for what is none, and for a field of unknown type
 */
export function readCollectionDescriptions(body: unknown): CollectionDescription[] {
  return readList(asObject(body), "items").map((item) => {
    const raw = asObject(item);
    return {
      id: readText(raw, "id") as CollectionDescription["id"],
      name: readText(raw, "name"),
      type: readText(raw, "type") as CollectionDescription["type"],
      fields: readList(raw, "fields").map(parseField),
      indexes: readTexts(raw, "indexes"),
    };
  });
}
