import { collectionId } from "@headwater/protocol";
import { crc32Text } from "../../lib/crc32.ts";
import { BLANK_AUTH, defaultAuthOptions } from "./auth-defaults.ts";
import type { CollectionDraft } from "./collection-draft.ts";
import { withSystemFields } from "./system-fields.ts";

/**
 * A new collection with PocketBase's default fields, indexes and options, and an id derived from its type and name.
 *
 * @param type any text other than `auth` and `view` counts as base
 */
export function newDraft(type: string, name: string, id = ""): CollectionDraft {
  const known = type === "auth" || type === "view" ? type : "base";
  return withSystemFields({
    id: collectionId(id || generatedId(known, name)),
    listRule: null,
    viewRule: null,
    createRule: null,
    updateRule: null,
    deleteRule: null,
    name,
    type: known,
    fields: [],
    indexes: [],
    created: "",
    updated: "",
    system: false,
    auth: known === "auth" ? defaultAuthOptions() : BLANK_AUTH,
    viewQuery: "",
  });
}

/** PocketBase's id for a collection that is submitted without one. */
export const generatedId = (type: string, name: string): string => `pbc_${crc32Text(type + name)}`;
