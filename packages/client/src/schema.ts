import type { RecordModel } from "./realtime/events.ts";

/** What the type checker knows of a collection: what is read of it, and what is written. */
export interface CollectionTypes {
  readonly record: { readonly id: string };
  readonly create: object;
  readonly update: object;
}

type Untyped = Readonly<Record<string, unknown>>;

/** A collection of which nothing is known. */
export interface AnyCollection {
  readonly record: RecordModel;
  readonly create: Untyped;
  readonly update: Untyped;
}

/** Every collection by its name, where nothing more is known. */
export type AnySchema = Readonly<Record<string, AnyCollection>>;

/** Every collection by its name, as `headwater types` writes it. */
export type SchemaOf<Schema> = { readonly [Name in keyof Schema]: CollectionTypes };

/** Whether a type has any field that one asks for: then its names say nothing. */
type IsLoose<T> = string extends keyof T ? true : false;

type Related<T> = T extends { readonly expand?: infer Expand } ? NonNullable<Expand> : never;
type One<T> = NonNullable<T> extends readonly (infer Item)[] ? Item : NonNullable<T>;

/** How many relations a path may go on for: collections may point at each other for ever. */
interface Less {
  readonly 3: 2;
  readonly 2: 1;
  readonly 1: 0;
  readonly 0: 0;
}

/** A relation, or a path of relations, that can be shown with a record: `author.company`. */
export type ExpandPath<T, Depth extends keyof Less = 3> = Depth extends 0
  ? never
  : IsLoose<T> extends true
    ? string
    : {
        [Name in keyof Related<T> & string]: Name | `${Name}.${ExpandPath<One<Related<T>[Name]>, Less[Depth]>}`;
      }[keyof Related<T> & string];

/** A field, or a field of a related record: `title`, `author.name`. */
export type FieldPath<T, Depth extends keyof Less = 2> =
  IsLoose<T> extends true ? string : Names<T> | (Depth extends 0 ? never : RelatedField<T, Depth>);

type Names<T> = Exclude<keyof T & string, "expand">;

type RelatedField<T, Depth extends keyof Less> = {
  [Name in keyof Related<T> & string]: `${Name}.${FieldPath<One<Related<T>[Name]>, Less[Depth]>}`;
}[keyof Related<T> & string];

/** What of a record is to be shown: its fields, all of them, the beginning of a text, or what was expanded. */
export type ShownField<T> =
  IsLoose<T> extends true ? string : Names<T> | "*" | `${Names<T>}:excerpt(${string})` | `expand.${string}`;

/** What a list is ordered by: a field, downwards with `-`. */
export type SortKey<T> = FieldPath<T> | `${"-" | "+"}${FieldPath<T>}` | "@random" | "@rowid" | "-@rowid";

/** One, or several. */
export type OneOrMore<T> = T | readonly T[];

/** As the server reads it: with commas. */
export const joined = (names: OneOrMore<string> | undefined): string | undefined =>
  names === undefined || typeof names === "string" ? names : names.join(",");
