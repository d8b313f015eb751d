import type { Collection } from "../collections/model/collection.ts";
import { asObject, readList, readText, readTexts } from "../collections/fields/decode-json.ts";
import { parseField } from "../collections/fields/field-kinds.ts";

/** The parts of a collection that its types depend on. */
export type CollectionDescription = Pick<Collection, "id" | "name" | "type" | "fields" | "indexes">;

/** The application's collections, sorted by name, without those of the server. */
export const applicationCollections = (collections: readonly CollectionDescription[]): CollectionDescription[] =>
  collections.filter(({ name }) => !name.startsWith("_")).toSorted((a, b) => (a.name < b.name ? -1 : 1));

/**
 * Reads a page of `GET /api/collections` of this server or of PocketBase.
 *
 * @throws ApiError 400 for an unreadable page, or a field of unknown type
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
