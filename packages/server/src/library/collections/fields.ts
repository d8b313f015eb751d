import type { JsonValue } from "@headwater/protocol";
import type { FieldType } from "../../collections/fields/field.ts";
import type { AnyCollection } from "./define-collection.ts";
import type { FieldSpec, FieldTypes } from "./field-spec.ts";

/** Options of all fields. */
export interface FieldOptions {
  /** Refuses empty values. */
  readonly required?: boolean;
  /** Returned only to superusers and the application. */
  readonly hidden?: boolean;
  readonly presentable?: boolean;
  readonly help?: string;
}

export interface TextOptions extends FieldOptions {
  /** In code points, like `max`. */
  readonly min?: number;
  /** 5000 unless given. */
  readonly max?: number;
  /** A regular expression in RE2's syntax. */
  readonly pattern?: string;
  /** Generates the value of a new record if it is empty. */
  readonly autogeneratePattern?: string;
}
export interface NumberOptions extends FieldOptions {
  readonly min?: number;
  readonly max?: number;
  readonly onlyInt?: boolean;
}
export interface DomainOptions extends FieldOptions {
  readonly exceptDomains?: readonly string[];
  readonly onlyDomains?: readonly string[];
}
export interface EditorOptions extends FieldOptions {
  /** In bytes. 5 MiB unless given. */
  readonly maxSize?: number;
  readonly convertURLs?: boolean;
}
export interface DateOptions extends FieldOptions {
  readonly min?: string;
  readonly max?: string;
}
export interface AutodateOptions extends Omit<FieldOptions, "required" | "help"> {
  readonly onCreate?: boolean;
  readonly onUpdate?: boolean;
}
export interface PasswordOptions extends FieldOptions {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  /** The cost of the bcrypt hash. 10 unless given. */
  readonly cost?: number;
}
export interface JsonOptions extends FieldOptions {
  /** In bytes. 1 MiB unless given. */
  readonly maxSize?: number;
}
/** If `max` is above 1, the field holds a list. */
export interface SelectOptions extends FieldOptions {
  readonly max?: number;
}
export interface FileOptions extends FieldOptions {
  readonly max?: number;
  /** Per file, in bytes. 5 MiB unless given. */
  readonly maxSize?: number;
  readonly mimeTypes?: readonly string[];
  readonly thumbs?: readonly string[];
  readonly protected?: boolean;
}
export interface RelationOptions extends FieldOptions {
  readonly min?: number;
  readonly max?: number;
  /** Deletes a record together with the record it relates to. */
  readonly cascadeDelete?: boolean;
}

/** Refuses options that the field does not have; a generic parameter alone would accept them. */
type Only<Shape, O> = O & { readonly [K in Exclude<keyof O, keyof Shape>]: never };

type Says<O, K extends string> = O extends Readonly<Record<K, true>> ? true : false;
type IsList<O> = O extends { readonly max: infer N extends number } ? (N extends 0 | 1 ? false : true) : false;

/** The types of a field with these options. */
export interface Plain<Out, In, O, Change = never, Target = never> extends FieldTypes {
  readonly out: Out;
  readonly in: In;
  readonly change: Change;
  readonly required: Says<O, "required">;
  readonly hidden: Says<O, "hidden">;
  readonly target: Target;
}

/** One of the values, or a list of them. Unless the field is required, "" means none. */
type Chosen<Out, In, O, Target = never> = FieldSpec<
  IsList<O> extends true
    ? Plain<readonly Out[], readonly In[], O, In | readonly In[], Target>
    : Plain<Says<O, "required"> extends true ? Out : Out | "", In | "", O, never, Target>
>;

const spec = (type: FieldType, options: object = {}): FieldSpec<never> => ({ type, options: { ...options } });

/** In PocketBase's form, `min` and `max` are `minSelect` and `maxSelect`. */
const listSpec = (
  type: FieldType,
  { min, max, ...options }: { readonly min?: number; readonly max?: number } = {},
  own: object = {},
): FieldSpec<never> =>
  spec(type, { ...options, ...own, maxSelect: max ?? 1, ...(min !== undefined && { minSelect: min }) });

/** PocketBase does not allow `maxSelect` to exceed the number of values. */
const selectSpec = (values: readonly string[], { max = 1, ...options }: SelectOptions = {}): FieldSpec<never> =>
  listSpec("select", { ...options, max: Math.min(max, Math.max(values.length, 1)) }, { values });

/** A required text that is generated may be missing in a new record. */
type TextTypes<O> = O extends { readonly autogeneratePattern: string }
  ? Omit<Plain<string, string, O>, "required"> & { readonly required: false }
  : Plain<string, string, O>;

export const text = <const O extends TextOptions = TextOptions>(
  options?: Only<TextOptions, O>,
): FieldSpec<TextTypes<O>> => spec("text", options);

export const editor = <const O extends EditorOptions = EditorOptions>(
  options?: Only<EditorOptions, O>,
): FieldSpec<Plain<string, string, O>> => spec("editor", options);

export const number = <const O extends NumberOptions = NumberOptions>(
  options?: Only<NumberOptions, O>,
): FieldSpec<Plain<number, number, O, number>> => spec("number", options);

export const bool = <const O extends FieldOptions = FieldOptions>(
  options?: Only<FieldOptions, O>,
): FieldSpec<Plain<boolean, boolean, O>> => spec("bool", options);

export const email = <const O extends DomainOptions = DomainOptions>(
  options?: Only<DomainOptions, O>,
): FieldSpec<Plain<string, string, O>> => spec("email", options);

export const url = <const O extends DomainOptions = DomainOptions>(
  options?: Only<DomainOptions, O>,
): FieldSpec<Plain<string, string, O>> => spec("url", options);

/** Values are read in PocketBase's format, `2026-01-02 03:04:05.678Z`, or "" for none. */
export const date = <const O extends DateOptions = DateOptions>(
  options?: Only<DateOptions, O>,
): FieldSpec<Plain<string, string | Date, O>> => spec("date", options);

/** The time of creation, or of each update with `onUpdate`. Only the server sets it. */
export const autodate = <const O extends AutodateOptions = AutodateOptions>(
  options?: Only<AutodateOptions, O>,
): FieldSpec<Plain<string, never, O>> => spec("autodate", { onCreate: true, ...options });

/** Can be written but not read. */
export const password = <const O extends PasswordOptions = PasswordOptions>(
  options?: Only<PasswordOptions, O>,
): FieldSpec<Plain<never, string, O>> => spec("password", options);

export const json = <T = JsonValue>(options?: JsonOptions): FieldSpec<Plain<T | null, T | null, FieldOptions>> =>
  spec("json", options);

export interface GeoPoint {
  readonly lon: number;
  readonly lat: number;
}

export const geoPoint = <const O extends FieldOptions = FieldOptions>(
  options?: Only<FieldOptions, O>,
): FieldSpec<Plain<GeoPoint, GeoPoint, O>> => spec("geoPoint", options);

export const select = <const V extends string, const O extends SelectOptions = SelectOptions>(
  values: readonly V[],
  options?: Only<SelectOptions, O>,
): Chosen<V, V, O> => selectSpec(values, options);

/** Values are file names. In an update, a name keeps that file and a `File` is uploaded. */
export const file = <const O extends FileOptions = FileOptions>(
  options?: Only<FileOptions, O>,
): Chosen<string, string | File, O> => listSpec("file", options);

/** Values are record ids. @param target the collection, or its name if the definitions refer to each other */
export const relation = <const T extends string | AnyCollection, const O extends RelationOptions = RelationOptions>(
  target: T,
  options?: Only<RelationOptions, O>,
): Chosen<string, string, O, T> =>
  listSpec("relation", options, { collectionId: typeof target === "string" ? target : target.name });
