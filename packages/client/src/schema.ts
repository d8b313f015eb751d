import type { RecordModel } from "./realtime/events.ts";

/** The types of one collection: its records, and the values to create and update them. */
export interface CollectionTypes {
  readonly record: { readonly id: string };
  readonly create: object;
  readonly update: object;
}

type Untyped = Readonly<Record<string, unknown>>;

/** A collection without types. */
export interface AnyCollection {
  readonly record: RecordModel;
  readonly create: Untyped;
  readonly update: Untyped;
}

/** All collections by name, without types. */
export type AnySchema = Readonly<Record<string, AnyCollection>>;

/** All collections by name, as `headwater types` generates them. */
export type SchemaOf<Schema> = { readonly [Name in keyof Schema]: CollectionTypes };

/** Whether a type has an index signature, so that any name is a field. */
type IsUntyped<T> = string extends keyof T ? true : false;

type Related<T> = T extends { readonly expand?: infer Expand } ? NonNullable<Expand> : never;
type Single<T> = NonNullable<T> extends readonly (infer Item)[] ? Item : NonNullable<T>;

/** Counts down the depth of a path, because relations may be circular. */
interface Decrement {
  readonly 3: 2;
  readonly 2: 1;
  readonly 1: 0;
  readonly 0: 0;
}

/** A relation, or a path of relations, that can be expanded: `author.company`. */
export type ExpandPath<T, Depth extends keyof Decrement = 3> = Depth extends 0
  ? never
  : IsUntyped<T> extends true
    ? string
    : {
        [Name in keyof Related<T> & string]: Name | `${Name}.${ExpandPath<Single<Related<T>[Name]>, Decrement[Depth]>}`;
      }[keyof Related<T> & string];

/** A field, or a field of a related record: `title`, `author.name`. */
export type FieldPath<T, Depth extends keyof Decrement = 2> =
  IsUntyped<T> extends true ? string : Names<T> | (Depth extends 0 ? never : RelatedField<T, Depth>);

type Names<T> = Exclude<keyof T & string, "expand">;

type RelatedField<T, Depth extends keyof Decrement> = {
  [Name in keyof Related<T> & string]: `${Name}.${FieldPath<Single<Related<T>[Name]>, Decrement[Depth]>}`;
}[keyof Related<T> & string];

/** A value for `fields`: a field, `*`, an excerpt of a text field, or a field of an expanded record. */
export type ShownField<T> =
  IsUntyped<T> extends true ? string : Names<T> | "*" | `${Names<T>}:excerpt(${string})` | `expand.${string}`;

/** A sort key: a field, with `-` in front for descending order. */
export type SortKey<T> =
  FieldPath<T> | `${"-" | "+"}${FieldPath<T>}` | "@random" | "@rowid" | "-@rowid" | "@rank" | "-@rank";

/** One value, or several. */
export type OneOrMore<T> = T | readonly T[];

/** Joins names with commas, as the server expects them. */
export const joinNames = (names: OneOrMore<string> | undefined): string | undefined =>
  names === undefined || typeof names === "string" ? names : names.join(",");
