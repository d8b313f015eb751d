import type { FieldValue, JsonValue } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { REQUIRED } from "../../lib/validators.ts";
import { parseJson, sortKeys } from "../../lib/json/json-value.ts";
import { parseStrictText } from "../../lib/json/strict-json.ts";
import { readInt } from "./decode-json.ts";
import type { FieldKind } from "./field-kind.ts";
import { maxSizeOf, maxSizeProblem } from "./max-size.ts";
import { columnText } from "./text-storage.ts";

const EMPTY_VALUES: ReadonlySet<string> = new Set(["null", '""', "[]", "{}"]);

export const jsonKind: FieldKind<"json"> = {
  type: "json",
  parse: (raw) => ({ maxSize: readInt(raw, "maxSize") }),
  checkOptions: (field) => ({ maxSize: maxSizeProblem(field.maxSize) }),
  column: () => "JSON DEFAULT NULL",
  zero: () => null,
  normalise: (field, input) => {
    if (typeof input === "string") return fromClient(input, maxSizeOf(field));
    return input === NOT_STRICT ? NOT_STRICT : sortKeys(input);
  },
  fromColumn: (_field, stored) => (stored === null ? null : fromText(columnText(stored))),
  toColumn: (_field, value) => (value === null ? null : JSON.stringify(value)),
  check: (field, value) => {
    if (value === NOT_STRICT) return invalid("validation_invalid_json", "Must be a valid json value.");
    const text = JSON.stringify(value);
    const maxSize = maxSizeOf(field);
    if (Buffer.byteLength(text) > maxSize)
      return invalid("validation_json_size_limit", `The maximum allowed JSON size is ${maxSize} bytes.`, { maxSize });
    return field.required && EMPTY_VALUES.has(text) ? REQUIRED : undefined;
  },
};

/** Stands for JSON that PocketBase's decoder refuses, until the field is checked. */
const NOT_STRICT: JsonValue = Object.freeze({});

/**
 * A text from a client. One that is too long stays a text, which the check refuses; so does one that is no JSON. Half of
 * a surrogate pair becomes the replacement character.
 */
function fromClient(text: string, maxSize: number): FieldValue {
  if (!looksLikeJson(text) || Buffer.byteLength(text) > maxSize) return text;
  const wellFormed = text.replace(HALF_PAIR, (match, half) => (half === undefined ? match : String.raw`\ufffd`));
  try {
    return parseStrictText(wellFormed) as JsonValue;
  } catch {
    return parseJson(wellFormed) === undefined ? text : NOT_STRICT;
  }
}

/** All escapes; the group takes part in those that are no character. */
const HALF_PAIR = /\\(?:[^u]|u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|(u[dD][89a-fA-F][\da-fA-F]{2}))/g;

const looksLikeJson = (text: string): boolean =>
  text === "null" || text === "true" || text === "false" || /^[\d"[{-]/.test(text);

/** A form can only send text: text that looks like JSON is parsed, any other text stays a string. */
function fromText(text: string): FieldValue {
  if (looksLikeJson(text)) {
    const value = parseJson(text);
    // A number out of range would be written as null.
    if (value !== undefined && !(typeof value === "number" && !Number.isFinite(value))) return value;
  }
  return text;
}
