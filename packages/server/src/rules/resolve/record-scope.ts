import type { AuthCollection, Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";

/**
 * Rules and superusers may use every field. A client's filter or sort may not use hidden fields, reaches only
 * collections with a list rule, and matches only public emails.
 */
export type Trust = "trusted" | "client";

/** What a rule's names are resolved against. */
export interface RecordScope {
  readonly schema: Schema;
  /** The collection whose records the rule is about; it may be newer than the schema's. */
  readonly collection: Collection;
  readonly trust: Trust;
  /** The requester's collection; `undefined` for a guest. */
  readonly auth: AuthCollection | undefined;
  /**
   * The record is being created: nothing refers to it yet, and PocketBase refuses rules with back-relations from it.
   */
  readonly isNew: boolean;
}

/** Finds a collection by id or name. The scope's own collection wins over the schema, which may not have it yet. */
export function findCollection({ schema, collection }: RecordScope, nameOrId: string): Collection | undefined {
  return nameOrId === collection.name || nameOrId === collection.id ? collection : schema.find(nameOrId);
}
