import { invalid } from "../../lib/api-error.ts";
import { toTexts } from "../../lib/text/coerce.ts";
import { between, REQUIRED, required } from "../../lib/validators.ts";
import { readInt, readTexts } from "./decode-json.ts";
import type { FieldKind } from "./field-kind.ts";
import { multiValueStorage, maxValues } from "./multi-value-storage.ts";

export const selectKind: FieldKind<"select"> = {
  type: "select",
  parse: (raw) => ({ values: readTexts(raw, "values"), maxSelect: readInt(raw, "maxSelect") }),
  checkOptions: (field) => ({
    values: required(field.values),
    maxSelect: between(field.maxSelect, 0, Math.max(1, field.values.length)),
  }),
  ...multiValueStorage,
  check: (field, value) => {
    const chosen = toTexts(value);
    if (chosen.length === 0) return field.required ? REQUIRED : undefined;
    const maxSelect = maxValues(field);
    if (chosen.length > maxSelect)
      return invalid("validation_too_many_values", `Select no more than ${maxSelect}.`, { maxSelect });
    const unknown = chosen.find((text) => !field.values.includes(text));
    if (unknown === undefined) return undefined;
    return invalid("validation_invalid_value", `Invalid value ${unknown}`, { value: unknown });
  },
};
