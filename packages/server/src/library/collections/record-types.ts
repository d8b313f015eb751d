import type { AnyCollection, CollectionDefinition, CollectionType, Fields } from "./define-collection.ts";
import type { FieldSpec, TypesOf } from "./field-spec.ts";
import type { FieldOptions, Plain } from "./fields.ts";

/** A collection defined in code, or the name of any other. */
export type Subject = string | AnyCollection;

/** A record as the application reads it. `as(caller)` omits hidden fields, and possibly the email, unless a superuser calls. */
export type RecordOf<S> =
  S extends CollectionDefinition<infer N, infer F, infer T> ? TypedRecord<N, AllFields<F, T>> : UntypedRecord;

/** The values of a new record. */
export type CreateInput<S> =
  S extends CollectionDefinition<string, infer F, infer T> ? Created<AllFields<F, T>> : UntypedValues;

/** The changes of an update: values, and modifiers such as `count+`. */
export type UpdateInput<S> =
  S extends CollectionDefinition<string, infer F, infer T> ? Changed<AllFields<F, T>> : UntypedValues;

export interface UntypedRecord extends RecordBase<string> {
  readonly expand?: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

export type UntypedValues = Record<string, unknown>;

interface RecordBase<N extends string> {
  readonly id: string;
  readonly collectionId: string;
  readonly collectionName: N;
}

/** The fields of every auth collection. `email` is hidden from other users unless `emailVisibility` is set. */
interface AuthFields {
  readonly email: FieldSpec<Plain<string, string, { readonly required: true; readonly hidden: true }>>;
  readonly password: FieldSpec<Plain<never, string, { readonly required: true }>>;
  readonly emailVisibility: FieldSpec<Plain<boolean, boolean, FieldOptions>>;
  readonly verified: FieldSpec<Plain<boolean, boolean, FieldOptions>>;
}

type AllFields<F extends Fields, T extends CollectionType> = T extends "auth"
  ? Omit<F, keyof AuthFields> & AuthFields
  : F;

/** Turns an intersection into one object type, which is exact and easier to read in an editor. */
type Flat<T> = { [K in keyof T]: T[K] };
type Never<T> = [T] extends [never] ? true : false;

type TypedRecord<N extends string, F> = Flat<
  RecordBase<N> & {
    readonly [K in keyof F as Never<Out<F[K]>> extends true ? never : Hidden<F[K]> extends true ? never : K]: Out<F[K]>;
  } & {
    readonly [K in keyof F as Never<Out<F[K]>> extends true ? never : Hidden<F[K]> extends true ? K : never]?: Out<
      F[K]
    >;
  } & { readonly expand?: Expanded<F> }
>;

/** The related records that `expand` named and that are visible. */
type Expanded<F> = {
  readonly [K in keyof F as Never<TypesOf<F[K]>["target"]> extends true ? never : K]?: Out<
    F[K]
  > extends readonly unknown[]
    ? readonly RecordOf<TypesOf<F[K]>["target"]>[]
    : RecordOf<TypesOf<F[K]>["target"]>;
} & { readonly [backRelation: `${string}_via_${string}`]: unknown };

type Created<F> = Flat<
  { id?: string | undefined } & {
    -readonly [
      K in keyof F as Never<In<F[K]>> extends true ? never : TypesOf<F[K]>["required"] extends true ? K : never
    ]: In<F[K]>;
  } & {
    -readonly [
      K in keyof F as Never<In<F[K]>> extends true ? never : TypesOf<F[K]>["required"] extends true ? never : K
    ]?: In<F[K]> | undefined;
  }
>;

type Changed<F> = Flat<
  { -readonly [K in keyof F as Never<In<F[K]>> extends true ? never : K]?: In<F[K]> | undefined } & {
    -readonly [K in keyof F & string as Never<Change<F[K]>> extends true ? never : `${K}+` | `${K}-`]?:
      Change<F[K]> | undefined;
  } & {
    -readonly [K in keyof F & string as Out<F[K]> extends readonly unknown[] ? `+${K}` : never]?:
      Change<F[K]> | undefined;
  }
>;

type Out<F> = TypesOf<F>["out"];
type In<F> = TypesOf<F>["in"];
type Change<F> = TypesOf<F>["change"];
type Hidden<F> = TypesOf<F>["hidden"];
