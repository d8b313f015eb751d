import type { ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { toText } from "../../lib/text/coerce.ts";
import { REQUIRED } from "../../lib/validators.ts";
import { parseDateTime } from "../../lib/text/date-time.ts";
import { readText } from "./decode-json.ts";
import type { FieldKind } from "./field-kind.ts";
import { columnText, textStorage } from "./text-storage.ts";

/** How date and autodate fields are stored: they accept any readable date and keep the stored form. */
export const dateStorage = {
  ...textStorage,
  normalise: (_field: unknown, input: unknown): string => parseDateTime(toText(input)),
  fromColumn: (_field: unknown, stored: Parameters<typeof columnText>[0]): string => parseDateTime(columnText(stored)),
};

export const dateKind: FieldKind<"date"> = {
  type: "date",
  parse: (raw) => ({ min: parseDateTime(readText(raw, "min")), max: parseDateTime(readText(raw, "max")) }),
  ...dateStorage,
  check: ({ min, max, required }, value) => {
    const date = toText(value);
    if (date === "") return required ? REQUIRED : undefined;
    // The stored form sorts chronologically.
    if (min !== "" && date < min) return limitProblem("validation_min_greater_equal_than_required", "no less", min);
    if (max !== "" && date > max) return limitProblem("validation_max_less_equal_than_required", "no greater", max);
    return undefined;
  },
};

/** Go writes a time in two forms: with `String` in the message, and as RFC 3339 in JSON. */
function limitProblem(code: string, relation: string, limit: string): ValidationError {
  const withoutZeros = limit.replace(/\.?0*Z$/, "");
  const threshold = `${withoutZeros.replace(" ", "T")}Z`;
  return invalid(code, `Must be ${relation} than ${withoutZeros} +0000 UTC.`, { threshold });
}
