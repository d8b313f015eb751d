import type { Rule } from "../../collections/model/collection.ts";
import type { Declared } from "../../collections/commands/declare-collections.ts";
import type { FieldSpec } from "./fields.ts";

export type CollectionType = Declared["type"];
export type Fields = Readonly<Record<string, FieldSpec>>;

/** A rule that is not given leaves the action to superusers and the application. */
export interface CollectionOptions<F extends Fields, T extends CollectionType> {
  /** `base` unless given. */
  readonly type?: T;
  /** Of a view: what its query selects, for the type checker. */
  readonly fields: F;
  readonly listRule?: Rule;
  readonly viewRule?: Rule;
  readonly createRule?: Rule;
  readonly updateRule?: Rule;
  readonly deleteRule?: Rule;
  /** `CREATE INDEX` statements. */
  readonly indexes?: readonly string[];
  /** Of a view: a `SELECT`. */
  readonly viewQuery?: string;
  /** Of an auth collection: who may sign in, and who may do what only an account's owner may. */
  readonly authRule?: Rule;
  readonly manageRule?: Rule;
  /** Further options as in PocketBase's collections API, such as `passwordAuth`. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A collection that is defined in code: `createApp` makes it or brings it up to date, and its records are typed. */
export interface CollectionDefinition<N extends string, F extends Fields, T extends CollectionType> {
  readonly name: N;
  readonly type: T;
  readonly fields: F;
  readonly options: Readonly<Record<string, unknown>>;
}

export type AnyCollection = CollectionDefinition<string, Fields, CollectionType>;

export function defineCollection<
  const N extends string,
  const F extends Fields,
  const T extends CollectionType = "base",
>(name: N, { type, fields, options = {}, ...rest }: CollectionOptions<F, T>): CollectionDefinition<N, F, T> {
  return { name, type: type ?? ("base" as T), fields, options: { ...options, ...rest } };
}

export const declaredOf = ({ name, type, fields, options }: AnyCollection): Declared => ({
  name,
  type,
  options,
  fields: Object.entries(fields).map(([key, field]) => ({ name: key, type: field.type, ...field.options })),
});
