import type { RecordId } from "./ids.ts";

/** Any value that JSON can hold. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/**
 * A field's value in its normal form. Strings: text, email, url, editor, date, autodate, password (its hash). A number:
 * number. A boolean: bool. A string, or an array of strings if the field holds several: select, relation, file.
 * `{ lon, lat }`: geoPoint. Any JSON: json.
 */
export type FieldValue = JsonValue;

/** A record's values by field name, each in its field's normal form. */
export interface RecordValues {
  readonly id: RecordId;
  readonly [field: string]: FieldValue;
}
