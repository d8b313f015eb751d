import type { ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { countCharacters, toText } from "../../lib/text/coerce.ts";
import { between, REQUIRED } from "../../lib/validators.ts";
import { matchesPattern } from "../../lib/text/re2.ts";
import { readInt, readText } from "./decode-json.ts";
import type { PasswordField } from "./field.ts";
import type { FieldKind } from "./field-kind.ts";
import { regexProblem } from "./check-regex.ts";
import { textStorage } from "./text-storage.ts";

const DEFAULT_COST = 10;
/** One byte below bcrypt's limit. */
const LONGEST = 71;

/** The value is the hash. `checkPlainPassword` checks the plain text before it is hashed; it is never stored. */
export const passwordKind: FieldKind<"password"> = {
  type: "password",
  parse: (raw) => ({
    min: readInt(raw, "min"),
    max: readInt(raw, "max"),
    pattern: readText(raw, "pattern"),
    cost: readInt(raw, "cost"),
  }),
  checkOptions: (field) => ({
    min: between(field.min, 1, LONGEST),
    max: between(field.max, field.min, LONGEST),
    cost: between(field.cost, 4, 31),
    pattern: regexProblem(field.pattern),
  }),
  ...textStorage,
  check: (field, value) => (field.required && toText(value) === "" ? REQUIRED : undefined),
};

export const costOf = (field: PasswordField): number => (field.cost > 0 ? field.cost : DEFAULT_COST);

/** Checks the plain text of a new password. Lengths are in code points. */
export function checkPlainPassword(field: PasswordField, plain: string): ValidationError | undefined {
  if (Buffer.byteLength(plain) > LONGEST + 1) return invalid("validation_invalid_value", "Invalid value.");
  if (plain === "") return field.required ? REQUIRED : undefined;
  const length = countCharacters(plain);
  const max = field.max > 0 ? field.max : LONGEST;
  if (length < field.min)
    return invalid("validation_min_text_constraint", `Must be at least ${field.min} character(s).`);
  if (length > max) return invalid("validation_max_text_constraint", `Must be less than ${max} character(s).`);
  if (field.pattern !== "" && !matchesPattern(field.pattern, plain))
    return invalid("validation_invalid_format", "Invalid value format.");
  return undefined;
}
