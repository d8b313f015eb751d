import { collectionId } from "@headwater/protocol";
import { parseDateTime } from "../../lib/text/date-time.ts";
import { normaliseFields } from "./normalise-fields.ts";
import { authOptionsToJson, parseAuthOptions, redactAuthOptions } from "./auth-options-json.ts";
import type { Collection } from "./collection.ts";
import { type JsonObject, readBool, readList, readText, readTextOrNull, readTexts } from "../fields/decode-json.ts";
import type { CollectionDraft } from "./collection-draft.ts";
import { fieldToJson, parseField } from "../fields/field-kinds.ts";
import { ownOptionsToJson, parseOwnOptions } from "./own-options.ts";

/** A collection as the API returns it: keys in PocketBase's order, without secrets. */
export function collectionToJson(collection: Collection): JsonObject {
  const base = {
    id: collection.id,
    listRule: collection.listRule,
    viewRule: collection.viewRule,
    createRule: collection.createRule,
    updateRule: collection.updateRule,
    deleteRule: collection.deleteRule,
    name: collection.name,
    type: collection.type,
    fields: collection.fields.map(fieldToJson),
    indexes: collection.indexes,
    created: collection.created,
    updated: collection.updated,
    system: collection.system,
    ...ownOptionsToJson(collection),
  };
  if (collection.type === "auth") return { ...base, ...authOptionsToJson(redactAuthOptions(collection.auth)) };
  return collection.type === "view" ? { ...base, viewQuery: collection.viewQuery } : base;
}

/**
 * Reads a submitted collection on top of another: `fields` and `indexes` replace, option objects merge, and missing
 * keys keep their values.
 *
 * @throws ApiError 400 for a value of the wrong JSON type or a field of unknown type
 */
export const mergeCollection = (raw: JsonObject, before: CollectionDraft): CollectionDraft => ({
  id: collectionId(readText(raw, "id", before.id)),
  listRule: readTextOrNull(raw, "listRule", before.listRule),
  viewRule: readTextOrNull(raw, "viewRule", before.viewRule),
  createRule: readTextOrNull(raw, "createRule", before.createRule),
  updateRule: readTextOrNull(raw, "updateRule", before.updateRule),
  deleteRule: readTextOrNull(raw, "deleteRule", before.deleteRule),
  name: readText(raw, "name", before.name),
  type: readText(raw, "type", before.type),
  fields: raw.fields === undefined ? before.fields : normaliseFields(readList(raw, "fields").map(parseField)),
  indexes: readTexts(raw, "indexes", before.indexes),
  created: parseDateTime(readText(raw, "created", before.created)),
  updated: parseDateTime(readText(raw, "updated", before.updated)),
  system: readBool(raw, "system", before.system),
  auth: parseAuthOptions(raw, before.auth),
  viewQuery: readText(raw, "viewQuery", before.viewQuery),
  ...parseOwnOptions(raw, before),
});
