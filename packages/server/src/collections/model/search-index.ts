import type { Field, FieldType } from "../fields/field.ts";
import { isMultiple } from "../fields/field.ts";
import type { Collection } from "./collection.ts";

/** SQLite's arguments by the name of a tokenizer. */
export const TOKENIZERS: Readonly<Record<string, string>> = {
  unicode61: "unicode61 remove_diacritics 2",
  porter: "porter unicode61 remove_diacritics 2",
  trigram: "trigram",
};

/** Kinds whose values are text as it is stored. */
export const SEARCHABLE_TYPES: ReadonlySet<FieldType> = new Set(["text", "editor", "url", "email", "select"]);

/** A field of a search index, and its column in the index's table. */
export interface SearchedField {
  readonly field: Field;
  readonly column: string;
}

const known = new WeakMap<Collection, readonly SearchedField[]>();

/** The searched fields in the order of the index. */
export function searchedFields(collection: Collection): readonly SearchedField[] {
  let found = known.get(collection);
  if (!found) {
    const fields = (collection.search?.fields ?? [])
      .map((name) => collection.fields.find((field) => field.name === name))
      .filter((field) => field !== undefined);
    // FTS5 reserves some names, so a column has the field's place as its name.
    found = fields.map((field, place) => ({ field, column: `f${place}` }));
    known.set(collection, found);
  }
  return found;
}

/** The table of a collection's search index. */
export const searchTable = ({ id }: Pick<Collection, "id">): string => `${SEARCH_TABLES}${id}`;
export const SEARCH_TABLES = "_headwater_search_";

/** Equal for indexes with the same rows: the table is made again if it differs. */
export const searchDefinition = (collection: Collection): string =>
  JSON.stringify([
    collection.search?.tokenizer,
    searchedFields(collection).map(({ field }) => [field.id, field.type, isMultiple(field)]),
  ]);

/** Does only a superuser see the field? An email may be hidden in each record, so it counts as hidden. */
export const isHiddenFromClients = ({ hidden, name, system }: Field, { type }: Collection): boolean =>
  hidden || (type === "auth" && system && name === "email");
