import { BLANK_AUTH } from "./auth-defaults.ts";
import type { AuthOptions } from "./auth-options.ts";
import type { Collection, CollectionBase } from "./collection.ts";

/** A submitted collection before validation: its type may be any text, and it has the options of every type. */
export interface CollectionDraft extends CollectionBase {
  readonly type: string;
  readonly auth: AuthOptions;
  readonly viewQuery: string;
}

export function draftOf(collection: Collection): CollectionDraft {
  return { auth: BLANK_AUTH, viewQuery: "", ...collection };
}

/** The draft as a collection, with only the options of its type. An unknown type counts as base. */
export function collectionOf({ auth, viewQuery, ...draft }: CollectionDraft): Collection {
  if (draft.type === "auth") return { ...draft, type: "auth", auth };
  if (draft.type === "view") return { ...draft, type: "view", viewQuery };
  return { ...draft, type: "base" };
}
