import { toBool, toText } from "../../lib/text/coerce.ts";
import { parseJson } from "../../lib/json/json-value.ts";
import { type Row, type SqlValue, verbatim } from "../../store/sql.ts";
import { BLANK_AUTH } from "./auth-defaults.ts";
import { authOptionsToJson } from "./auth-options-json.ts";
import type { Collection } from "./collection.ts";
import { mergeCollection } from "./collection-json.ts";
import { isObject } from "../fields/decode-json.ts";
import { collectionOf } from "./collection-draft.ts";
import { newDraft } from "./new-draft.ts";
import { withKnownFields } from "./own-options.ts";
import { fieldToJson } from "../fields/field-kinds.ts";

/** Reads a collection from a row of `_collections`. Columns are read by name: older databases have another order. */
export function collectionFromRow({ own: ownText = null, ...row }: Row): Collection {
  const [options, own] = [parseJson(toText(row.options)), parseJson(toText(ownText))];
  const raw = {
    ...(isObject(options) ? options : {}),
    ...row,
    ...(isObject(own) ? own : {}),
    system: toBool(toText(row.system)),
    fields: parseJson(toText(row.fields)) ?? [],
    indexes: parseJson(toText(row.indexes)) ?? [],
  };
  return withKnownFields(collectionOf(mergeCollection(raw, { ...newDraft("view", ""), auth: BLANK_AUTH })));
}

/** Reads the rows of `_collections` with our own options, in the column `own`. */
export const OWN_OPTIONS = verbatim(
  "(SELECT own FROM _headwater_collections WHERE _headwater_collections.id = _collections.id) AS own",
);

/** A collection's row, by column. */
export const collectionToRow = (collection: Collection): Readonly<Record<string, SqlValue>> => ({
  id: collection.id,
  system: collection.system ? 1 : 0,
  type: collection.type,
  name: collection.name,
  fields: JSON.stringify(collection.fields.map(fieldToJson)),
  indexes: JSON.stringify(collection.indexes),
  listRule: collection.listRule,
  viewRule: collection.viewRule,
  createRule: collection.createRule,
  updateRule: collection.updateRule,
  deleteRule: collection.deleteRule,
  options: JSON.stringify(optionsOf(collection)),
  created: collection.created,
  updated: collection.updated,
});

function optionsOf(collection: Collection): object {
  if (collection.type === "auth") return authOptionsToJson(collection.auth);
  return collection.type === "view" ? { viewQuery: collection.viewQuery } : {};
}
