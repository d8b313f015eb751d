import type { Rule } from "../../collections/model/rule.ts";
import type { CollectionDeclaration } from "../../collections/commands/declare-collections.ts";
import type { FieldSpec } from "./field-spec.ts";

export type CollectionType = CollectionDeclaration["type"];
export type Fields = Readonly<Record<string, FieldSpec>>;

/** Without a rule, only superusers and the application may do the action. */
export interface CollectionOptions<F extends Fields, T extends CollectionType> {
  /** `base` unless given. */
  readonly type?: T;
  /** For a view, the columns of its query; used only by the type checker. */
  readonly fields: F;
  readonly listRule?: Rule;
  readonly viewRule?: Rule;
  readonly createRule?: Rule;
  readonly updateRule?: Rule;
  readonly deleteRule?: Rule;
  /** `CREATE INDEX` statements. */
  readonly indexes?: readonly string[];
  /** The search index: the fields in which `search` looks for words. */
  readonly search?: {
    readonly fields: readonly (keyof F & string)[];
    readonly tokenizer?: "unicode61" | "porter" | "trigram";
    readonly weights?: { readonly [Name in keyof F & string]?: number };
  } | null;
  /** Deleted records can be restored for so many days: 30 unless given, 0 for ever. */
  readonly softDelete?: boolean | { readonly days?: number; readonly trashRule?: Rule; readonly restoreRule?: Rule };
  /** Who changed what of each record: the last 100 changes unless given, 0 for all, for so many days. */
  readonly history?: boolean | { readonly keep?: number; readonly days?: number; readonly historyRule?: Rule };
  /** For a view: a `SELECT` statement. */
  readonly viewQuery?: string;
  /** For an auth collection: who may sign in, and who may manage other accounts as their owners do. */
  readonly authRule?: Rule;
  readonly manageRule?: Rule;
  /** Further options as in PocketBase's collections API, such as `passwordAuth`. */
  readonly options?: Readonly<Record<string, unknown>>;
}

/** A collection defined in code. `createApp` creates or updates it, and its records are typed. */
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

export const toDeclared = ({ name, type, fields, options }: AnyCollection): CollectionDeclaration => ({
  name,
  type,
  options,
  fields: Object.entries(fields).map(([key, field]) => ({ name: key, type: field.type, ...field.options })),
});
