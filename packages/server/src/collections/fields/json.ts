import type { FieldValue } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { REQUIRED } from "../../lib/validators.ts";
import { parseJson, sortKeys } from "../../lib/json-value.ts";
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
  normalise: (_field, input) => (typeof input === "string" ? fromText(input) : sortKeys(input)),
  fromColumn: (_field, stored) => (stored === null ? null : fromText(columnText(stored))),
  toColumn: (_field, value) => (value === null ? null : JSON.stringify(value)),
  check: (field, value) => {
    const text = JSON.stringify(value);
    const maxSize = maxSizeOf(field);
    if (Buffer.byteLength(text) > maxSize)
      return invalid("validation_json_size_limit", `The maximum allowed JSON size is ${maxSize} bytes.`, { maxSize });
    return field.required && EMPTY_VALUES.has(text) ? REQUIRED : undefined;
  },
};

/** A form can only send text: text that looks like JSON is parsed, any other text stays a string. */
function fromText(text: string): FieldValue {
  if (text === "null" || text === "true" || text === "false" || /^[\d"[{-]/.test(text)) {
    const value = parseJson(text);
    // A number out of range would be written as null.
    if (value !== undefined && !(typeof value === "number" && !Number.isFinite(value))) return value;
  }
  return text;
}
