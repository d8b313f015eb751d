import type { AuthCollection, Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";

/**
 * Rules and superusers may name every field. What a client supplies may name no hidden field, reaches only collections
 * with a list rule, and sees emails only where they are public.
 */
export type Trust = "trusted" | "client";

/** What the names of a rule are resolved against. */
export interface RecordScope {
  readonly schema: Schema;
  /** The collection whose records the rule is about; it may be newer than the schema's. */
  readonly collection: Collection;
  readonly trust: Trust;
  /** The collection of who asks; none for a guest. */
  readonly auth: AuthCollection | undefined;
  /** The record is about to be made: nothing can refer to it, and PocketBase refuses a rule that asks what does. */
  readonly isNew: boolean;
}

/** By id or name; the collection at hand goes before the schema's, which may not have it yet. */
export function findCollection({ schema, collection }: RecordScope, nameOrId: string): Collection | undefined {
  return nameOrId === collection.name || nameOrId === collection.id ? collection : schema.find(nameOrId);
}
