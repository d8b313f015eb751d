import type { ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { countCharacters, toText } from "../../lib/text/coerce.ts";
import { atLeast, atMost, mustBeBlank, REQUIRED, required } from "../../lib/validators.ts";
import { randomByPattern } from "../../lib/text/random-by-pattern.ts";
import { matchesPattern } from "../../lib/text/re2.ts";
import { readBool, readInt, readText } from "./decode-json.ts";
import { regexProblem } from "./check-regex.ts";
import type { TextField } from "./field.ts";
import type { FieldKind, OptionContext } from "./field-kind.ts";
import { textStorage, TEXT_COLUMN } from "./text-storage.ts";

export const DEFAULT_ID_PATTERN = "^[a-z0-9]+$";
const DEFAULT_MAX = 5000;
const ID_COLUMN = "TEXT PRIMARY KEY DEFAULT ('r'||lower(hex(randomblob(7)))) NOT NULL";

export const textKind: FieldKind<"text"> = {
  type: "text",
  parse: (raw) => ({
    min: readInt(raw, "min"),
    max: readInt(raw, "max"),
    pattern: readText(raw, "pattern"),
    autogeneratePattern: readText(raw, "autogeneratePattern"),
    primaryKey: readBool(raw, "primaryKey"),
  }),
  checkOptions: (field, context) => ({
    name: field.primaryKey && field.name !== "id" ? MUST_BE_NAMED_ID : undefined,
    primaryKey: field.primaryKey ? compositeKeyProblem(context) : undefined,
    min: atLeast(field.min, 0) ?? atMost(field.min, Number.MAX_SAFE_INTEGER),
    max: atLeast(field.max, field.min) ?? atMost(field.max, Number.MAX_SAFE_INTEGER),
    pattern: (field.primaryKey ? required(field.pattern) : undefined) ?? regexProblem(field.pattern),
    hidden: field.primaryKey ? mustBeBlank(field.hidden) : undefined,
    required: field.primaryKey ? required(field.required) : undefined,
    autogeneratePattern: regexProblem(field.autogeneratePattern) ?? autogenerateProblem(field),
  }),
  ...textStorage,
  column: (field) => (field.primaryKey ? ID_COLUMN : TEXT_COLUMN),
  check: (field, value) => checkText(field, toText(value)),
};

/**
 * Generates the text for an empty value on create and for the modifier `:autogenerate`; "" without a usable pattern.
 */
export function autogenerate(field: TextField): string {
  if (field.autogeneratePattern === "") return "";
  try {
    return randomByPattern(field.autogeneratePattern);
  } catch {
    return "";
  }
}

function checkText(field: TextField, value: string): ValidationError | undefined {
  if (value === "") return field.required || field.primaryKey ? REQUIRED : undefined;
  const length = countCharacters(value);
  const max = field.max === 0 ? DEFAULT_MAX : field.max;
  if (field.min > 0 && length < field.min)
    return invalid("validation_min_text_constraint", `Must be at least ${field.min} character(s).`, { min: field.min });
  if (length > max)
    return invalid("validation_max_text_constraint", `Must be no more than ${max} character(s).`, { max });
  if (field.pattern !== "" && !matchesPattern(field.pattern, value))
    return invalid("validation_invalid_format", "Invalid value format.");
  return field.primaryKey && field.pattern !== DEFAULT_ID_PATTERN ? checkCustomId(value) : undefined;
}

/** An id names a folder of files, so with a custom pattern it must still be valid on every file system. */
function checkCustomId(value: string): ValidationError | undefined {
  const ch = FORBIDDEN_IN_IDS.find((character) => value.includes(character));
  if (ch !== undefined)
    return invalid("validation_forbidden_pk_character", `'${ch}' is not a valid primary key character.`, { ch });
  const reserved = RESERVED_IDS.find((name) => name === value.toUpperCase());
  if (reserved === undefined) return undefined;
  const message = `The primary key '${reserved}' is reserved and cannot be used.`;
  return invalid("validation_reserved_pk", message, { reserved });
}

const FORBIDDEN_IN_IDS = "./\\|\"'`<>:?*%$\0\t\n\r ".split("");
/** Device names on Windows. */
const RESERVED_IDS = [
  "CON",
  "PRN",
  "AUX",
  "NUL",
  ...["COM", "LPT"].flatMap((port) => "123456789".split("").map((n) => port + n)),
];

const MUST_BE_NAMED_ID = invalid("validation_in_invalid", 'The primary key must be named "id".');

function compositeKeyProblem({ collection }: OptionContext): ValidationError | undefined {
  const keys = collection.fields.filter((other) => other.type === "text" && other.primaryKey);
  if (keys.length <= 1) return undefined;
  const message = "Composite PKs are not supported and the collection must have only 1 PK.";
  return invalid("validation_unsupported_composite_pk", message);
}

/** Generates ten samples, as PocketBase does: the pattern may contradict the field's other options. */
function autogenerateProblem(field: TextField): ValidationError | undefined {
  if (field.autogeneratePattern === "") return undefined;
  try {
    for (let i = 0; i < 10; i++) {
      const text = randomByPattern(field.autogeneratePattern);
      if (checkText(field, text) === undefined) continue;
      const message = `The provided autogenerate pattern could produce invalid field values, ex.: ${JSON.stringify(text)}`;
      return invalid("validation_invalid_autogenerate_pattern_value", message);
    }
    return undefined;
  } catch (error) {
    return invalid("validation_invalid_autogenerate_pattern", error instanceof Error ? error.message : String(error));
  }
}
