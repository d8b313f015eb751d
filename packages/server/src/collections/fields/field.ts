import type { CollectionId } from "@headwater/protocol";

interface FieldBase {
  readonly id: string;
  readonly name: string;
  readonly system: boolean;
  /** Only superusers may read it and filter by it. */
  readonly hidden: boolean;
  readonly presentable: boolean;
  /** A hint for the dashboard's form. */
  readonly help: string;
  readonly required: boolean;
}

export interface TextField extends FieldBase {
  readonly type: "text";
  readonly min: number;
  /** Code points; 0 means 5000. */
  readonly max: number;
  /** RE2 syntax. */
  readonly pattern: string;
  readonly autogeneratePattern: string;
  readonly primaryKey: boolean;
}
export interface NumberField extends FieldBase {
  readonly type: "number";
  readonly min: number | null;
  readonly max: number | null;
  readonly onlyInt: boolean;
}
export interface BoolField extends FieldBase {
  readonly type: "bool";
}
export interface EmailField extends FieldBase {
  readonly type: "email";
  readonly exceptDomains: readonly string[];
  readonly onlyDomains: readonly string[];
}
export interface UrlField extends FieldBase {
  readonly type: "url";
  readonly exceptDomains: readonly string[];
  readonly onlyDomains: readonly string[];
}
export interface EditorField extends FieldBase {
  readonly type: "editor";
  /** Bytes; 0 means 5 MiB. */
  readonly maxSize: number;
  readonly convertURLs: boolean;
}
export interface DateField extends FieldBase {
  readonly type: "date";
  readonly min: string;
  readonly max: string;
}
/** Has no `required` and no `help` on the wire. */
export interface AutodateField extends FieldBase {
  readonly type: "autodate";
  readonly onCreate: boolean;
  readonly onUpdate: boolean;
}
export interface SelectField extends FieldBase {
  readonly type: "select";
  readonly values: readonly string[];
  /** 0 and 1 mean one value, stored as text; larger values mean a list. */
  readonly maxSelect: number;
}
export interface FileField extends FieldBase {
  readonly type: "file";
  /** Bytes per file; 0 means 5 MiB. */
  readonly maxSize: number;
  readonly maxSelect: number;
  readonly mimeTypes: readonly string[];
  readonly thumbs: readonly string[];
  readonly protected: boolean;
  /** Whether its files may be uploaded before the record, in pieces. Left out unless it is set: PocketBase doesn't have it. */
  readonly resumable?: true;
}
export interface RelationField extends FieldBase {
  readonly type: "relation";
  readonly collectionId: CollectionId;
  readonly cascadeDelete: boolean;
  readonly minSelect: number;
  readonly maxSelect: number;
}
export interface JsonField extends FieldBase {
  readonly type: "json";
  /** Bytes; 0 means 1 MiB. */
  readonly maxSize: number;
}
export interface PasswordField extends FieldBase {
  readonly type: "password";
  readonly min: number;
  readonly max: number;
  readonly pattern: string;
  /** bcrypt cost; 0 means 10. */
  readonly cost: number;
}
export interface GeoPointField extends FieldBase {
  readonly type: "geoPoint";
}

export type Field =
  | TextField
  | NumberField
  | BoolField
  | EmailField
  | UrlField
  | EditorField
  | DateField
  | AutodateField
  | SelectField
  | FileField
  | RelationField
  | JsonField
  | PasswordField
  | GeoPointField;

export type FieldType = Field["type"];
export type FieldOf<Type extends FieldType> = Extract<Field, { type: Type }>;

/** The options that one kind of field has in addition to the common ones. */
export type OptionsOf<Type extends FieldType> = Omit<FieldOf<Type>, keyof FieldBase | "type">;

/** Whether the field holds a list: select, relation and file fields do if `maxSelect` is above 1. */
export const isMultiple = (field: Field): boolean => "maxSelect" in field && field.maxSelect > 1;
