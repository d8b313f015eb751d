import type { CollectionId } from "@headwater/protocol";
import type { AuthOptions } from "./auth-options.ts";
import type { Field } from "../fields/field.ts";
import type { OwnOptions } from "./own-options.ts";
import type { Rule } from "./rule.ts";

export interface CollectionBase extends OwnOptions {
  readonly id: CollectionId;
  readonly name: string;
  readonly system: boolean;
  readonly fields: readonly Field[];
  /** `CREATE INDEX` statements as PocketBase stores them. */
  readonly indexes: readonly string[];
  readonly listRule: Rule;
  readonly viewRule: Rule;
  readonly createRule: Rule;
  readonly updateRule: Rule;
  readonly deleteRule: Rule;
  readonly created: string;
  readonly updated: string;
}

export interface BaseCollection extends CollectionBase {
  readonly type: "base";
}
export interface AuthCollection extends CollectionBase {
  readonly type: "auth";
  readonly auth: AuthOptions;
}
export interface ViewCollection extends CollectionBase {
  readonly type: "view";
  readonly viewQuery: string;
}

export type Collection = BaseCollection | AuthCollection | ViewCollection;

export const SUPERUSERS = "_superusers";

const fieldMaps = new WeakMap<Collection, ReadonlyMap<string, Field>>();

/** Finds a field by its exact name. The map is built once per collection, because lookups are frequent. */
export function findField(collection: Collection, name: string): Field | undefined {
  let map = fieldMaps.get(collection);
  if (!map) fieldMaps.set(collection, (map = new Map(collection.fields.map((field) => [field.name, field]))));
  return map.get(name);
}
