import type { ErrorData, FieldValue, RecordValues, ValidationError } from "@headwater/protocol";
import { type Collection, findField } from "../../collections/model/collection.ts";
import type { Field } from "../../collections/fields/field.ts";
import { isPassword, isTokenKey } from "../../collections/model/logged-values.ts";
import { invalid } from "../../lib/api-error.ts";
import { parseDateTime } from "../../lib/text/date-time.ts";
import { parseJson } from "../../lib/json/json-value.ts";
import { withApostrophe, withoutApostrophe } from "./transfer-format.ts";

/** The fields of a collection that are exported: all but secrets. */
export const exportedFields = (collection: Collection): readonly Field[] =>
  collection.fields.filter((field) => !isPassword(field) && !isTokenKey(field, collection));

/** Keys of the API's JSON that name no field. */
const NO_FIELDS: ReadonlySet<string> = new Set([
  "collectionId",
  "collectionName",
  "expand",
  "@version",
  "passwordConfirm",
]);

/** What a file calls a field, "" for what is left out; other names are the fields'. */
export type ColumnNames = ReadonlyMap<string, string>;

/** A row as a client would have sent it. */
export interface RowValues {
  readonly body: Readonly<Record<string, unknown>>;
  /** Of fields that only the server sets, such as `created`. */
  readonly dates: Readonly<Record<string, string>>;
  readonly problems?: undefined;
}

/**
 * Turns the values of a row into those of fields. What PocketBase's API silently turns into 0, false or no date is an
 * error here: an import must not lose values.
 *
 * @param isText the values are the texts of a CSV file, where an empty one stands for no value
 */
export function readCells(
  collection: Collection,
  values: Readonly<Record<string, unknown>>,
  names: ColumnNames,
  isText: { readonly raw: boolean } | undefined,
): RowValues | { readonly problems: ErrorData } {
  const body: Record<string, unknown> = {};
  const dates: Record<string, string> = {};
  const problems: Record<string, ValidationError> = {};
  for (const [column, value] of Object.entries(values)) {
    const name = names.get(column) ?? column;
    if (name === "" || (NO_FIELDS.has(name) && !findField(collection, name))) continue;
    const field = findField(collection, name);
    const sent = isText && typeof value === "string" && field ? unquoted(field, value, isText.raw) : value;
    const problem = !field
      ? invalid("validation_unknown_field", "There is no such field.")
      : Object.hasOwn(body, name) || Object.hasOwn(dates, name)
        ? invalid("validation_repeated_field", `Another column is read into ${name}.`)
        : problemOf(field, sent);
    if (problem) problems[column] = problem;
    else if (field!.type === "autodate") {
      const date = typeof sent === "string" ? parseDateTime(sent) : "";
      if (date !== "") dates[name] = date;
    } else body[name] = field!.type === "json" ? jsonOf(sent, isText !== undefined) : sent;
  }
  if (Object.keys(problems).length > 0) return { problems };
  const { password } = body;
  return { body: password === undefined || password === "" ? body : { passwordConfirm: password, ...body }, dates };
}

const isTextField = ({ type }: Field): boolean => type !== "json" && type !== "number" && type !== "geoPoint";

const unquoted = (field: Field, text: string, isRaw: boolean): string =>
  isRaw || !isTextField(field) ? text : withoutApostrophe(text);

/** As JSON text, which the field reads: otherwise it would parse a text of a JSON file once more, and sort keys. */
function jsonOf(value: unknown, isText: boolean): unknown {
  if (value === null || value === undefined) return null;
  if (!isText) return JSON.stringify(value);
  return value === "" ? null : value;
}

const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const BOOLEANS: ReadonlySet<unknown> = new Set([
  "",
  "true",
  "false",
  "1",
  "0",
  "t",
  "f",
  "T",
  "F",
  "TRUE",
  "FALSE",
  "True",
  "False",
  0,
  1,
]);

function problemOf(field: Field, value: unknown): ValidationError | undefined {
  if (value === null || value === undefined || value === "") return undefined;
  switch (field.type) {
    case "number": {
      const isNumber = typeof value === "number" || (typeof value === "string" && NUMBER.test(value));
      return isNumber ? undefined : invalid("validation_not_a_number", "It must be a number.");
    }
    case "bool":
      return typeof value === "boolean" || BOOLEANS.has(value)
        ? undefined
        : invalid("validation_not_a_boolean", "It must be true or false.");
    case "date":
    case "autodate":
      return typeof value === "string" && parseDateTime(value) !== ""
        ? undefined
        : invalid("validation_invalid_date", "It must be a date, such as 2026-01-31 12:00:00.000Z.");
    case "geoPoint": {
      const point = typeof value === "string" ? parseJson(value) : value;
      return typeof point === "object" && point !== null && "lon" in point && "lat" in point
        ? undefined
        : invalid("validation_invalid_geo_point", 'It must be a point, such as {"lon":0,"lat":0}.');
    }
    case "json":
      return undefined;
    case "select":
    case "relation":
    case "file": {
      const items: readonly unknown[] = Array.isArray(value) ? value : [value];
      return items.every((item) => typeof item === "string" || typeof item === "number")
        ? undefined
        : invalid("validation_invalid_list", "It must be a text or a list of texts.");
    }
    case "text":
    case "editor":
    case "email":
    case "url":
    case "password":
      return typeof value === "object" ? invalid("validation_invalid_text", "It must be a text.") : undefined;
  }
}

/** A value as a cell of a CSV file. */
export function toCell(field: Field, value: FieldValue, isRaw: boolean): string {
  if (value === null) return "";
  if (field.type === "json") return JSON.stringify(value);
  if (Array.isArray(value)) return value.length === 0 ? "" : JSON.stringify(value);
  if (typeof value === "object") return JSON.stringify(value);
  const text = String(value);
  return isRaw || !isTextField(field) || typeof value !== "string" ? text : withApostrophe(text);
}

/** A record as an object of a JSON file. */
export const toObject = (fields: readonly Field[], record: RecordValues): Readonly<Record<string, FieldValue>> =>
  Object.fromEntries(fields.map(({ name }) => [name, record[name] ?? null]));
