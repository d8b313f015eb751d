import { collectionId } from "@headwater/protocol";
import { crc32Text } from "../../lib/crc32.ts";
import { BLANK_AUTH, defaultAuthOptions } from "./auth-defaults.ts";
import type { AuthOptions } from "./auth-options.ts";
import type { Collection, CollectionBase } from "./collection.ts";
import { withSystemFields } from "./system-fields.ts";

/** A collection on its way in: its type may be anything, and it has the options of every type. */
export interface CollectionDraft extends CollectionBase {
  readonly type: string;
  readonly auth: AuthOptions;
  readonly viewQuery: string;
}

export function draftOf(collection: Collection): CollectionDraft {
  return { auth: BLANK_AUTH, viewQuery: "", ...collection };
}

/** The draft with the options of its own type alone; a type that is none of ours counts as base. */
export function collectionOf({ auth, viewQuery, ...draft }: CollectionDraft): Collection {
  if (draft.type === "auth") return { ...draft, type: "auth", auth };
  if (draft.type === "view") return { ...draft, type: "view", viewQuery };
  return { ...draft, type: "base" };
}

/**
 * A new collection as PocketBase starts one: default fields, indexes and options, an id made of type and name.
 *
 * @param type any other than `auth` and `view` counts as base
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

/** PocketBase's id for a collection that comes without one. */
export const generatedId = (type: string, name: string): string => `pbc_${crc32Text(type + name)}`;
