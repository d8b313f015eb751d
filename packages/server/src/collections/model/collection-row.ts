import { toBool, toText } from "../../lib/text/coerce.ts";
import { parseJson } from "../../lib/json/json-value.ts";
import type { Row, SqlValue } from "../../store/sql.ts";
import { BLANK_AUTH } from "./auth-defaults.ts";
import { authOptionsToJson } from "./auth-options-json.ts";
import type { Collection } from "./collection.ts";
import { mergeCollection } from "./collection-json.ts";
import { isObject } from "../fields/decode-json.ts";
import { collectionOf } from "./collection-draft.ts";
import { newDraft } from "./new-draft.ts";
import { fieldToJson } from "../fields/field-kinds.ts";

/** Reads a collection from a row of `_collections`. Columns are read by name: older databases have another order. */
export function collectionFromRow(row: Row): Collection {
  const options = parseJson(toText(row.options));
  const raw = {
    ...(isObject(options) ? options : {}),
    ...row,
    system: toBool(toText(row.system)),
    fields: parseJson(toText(row.fields)) ?? [],
    indexes: parseJson(toText(row.indexes)) ?? [],
  };
  return collectionOf(mergeCollection(raw, { ...newDraft("view", ""), auth: BLANK_AUTH }));
}

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
