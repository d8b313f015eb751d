import type { FieldType } from "../../collections/fields/field.ts";

/** What the type checker knows about a field. */
export interface FieldTypes {
  /** The type of values that are read; `never` if the field is never returned. */
  readonly out: unknown;
  /** The type of values that are written; `never` if only the server sets the field. */
  readonly in: unknown;
  /** The type of values for `name+` and `name-`; `never` if the field has no such modifiers. */
  readonly change: unknown;
  readonly required: boolean;
  readonly hidden: boolean;
  /** For a relation: the collection whose records `expand` includes. */
  readonly target: unknown;
}

declare const types: unique symbol;

/** A field of a collection defined in code. Its key in `fields` is its name. */
export interface FieldSpec<T extends FieldTypes = FieldTypes> {
  readonly type: FieldType;
  /** The options in PocketBase's form. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Only for the type checker. */
  readonly [types]?: T;
}

export type TypesOf<F> = F extends FieldSpec<infer T> ? T : never;
