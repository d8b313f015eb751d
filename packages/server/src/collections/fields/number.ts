import type { ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { toNumber } from "../../lib/text/coerce.ts";
import { REQUIRED } from "../../lib/validators.ts";
import { readBool, readNumberOrNull } from "./decode-json.ts";
import type { NumberField } from "./field.ts";
import type { FieldKind } from "./field-kind.ts";
import { columnText } from "./text-storage.ts";

export const numberKind: FieldKind<"number"> = {
  type: "number",
  parse: (raw) => ({
    min: readNumberOrNull(raw, "min"),
    max: readNumberOrNull(raw, "max"),
    onlyInt: readBool(raw, "onlyInt"),
  }),
  checkOptions: (field) => ({
    min: integerProblem(field, field.min),
    max: integerProblem(field, field.max) ?? (field.max === null ? undefined : minProblem(field, field.max)),
  }),
  column: () => "NUMERIC DEFAULT 0 NOT NULL",
  zero: () => 0,
  normalise: (_field, input) => toNumber(input),
  fromColumn: (_field, stored) => (typeof stored === "number" ? stored : toNumber(columnText(stored))),
  toColumn: (_field, value) => toNumber(value),
  check: (field, value) => checkNumber(field, toNumber(value)),
  modifiers: {
    append: (_field, current, input) => toNumber(current) + toNumber(input),
    remove: (_field, current, input) => toNumber(current) - toNumber(input),
  },
};

function checkNumber(field: NumberField, value: number): ValidationError | undefined {
  if (!Number.isFinite(value))
    return invalid("validation_not_a_number", "The submitted number is not properly formatted.");
  // Zero means "not set": the limits don't apply.
  if (value === 0) return field.required ? REQUIRED : undefined;
  return integerProblem(field, value) ?? minProblem(field, value) ?? maxProblem(field, value);
}

function integerProblem({ onlyInt }: NumberField, value: number | null): ValidationError | undefined {
  const fits = value === null || (Number.isInteger(value) && value >= -(2 ** 63) && value < 2 ** 63);
  return onlyInt && !fits ? invalid("validation_only_int_constraint", "Decimal numbers are not allowed.") : undefined;
}

function minProblem({ min }: NumberField, value: number): ValidationError | undefined {
  if (min === null || value >= min) return undefined;
  return invalid("validation_min_number_constraint", `Must be greater or equal than ${min}.`, { min });
}

function maxProblem({ max }: NumberField, value: number): ValidationError | undefined {
  if (max === null || value <= max) return undefined;
  return invalid("validation_max_number_constraint", `Must be less or equal than ${max}.`, { max });
}
