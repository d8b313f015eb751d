import type { RecordId } from "./ids.ts";

/** Any value that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * A field's value in its normal form: text, email, url, editor, date, autodate and password (the hash) are strings;
 * number a number; bool a boolean; select, relation and file a string, or a list of strings when they hold many;
 * geoPoint `{ lon, lat }`; json anything.
 */
export type FieldValue = JsonValue;

/** A record's values by field name, each in its field's normal form. */
export interface RecordValues {
  readonly id: RecordId;
  readonly [field: string]: FieldValue;
}
