import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { byteLength, matches, noneOf, problems, required } from "../../lib/validators.ts";
import type { Field } from "./field.ts";
import type { OptionContext } from "./field-kind.ts";
import { kindOf } from "./field-kinds.ts";

/** Words that SQL or a record's JSON already uses. */
const TAKEN_NAMES = ["null", "true", "false", "_rowid_", "collectionId", "collectionName", "expand"];

/** Checks all options of a field; the answer is keyed by option. */
export function checkField(field: Field, context: OptionContext): ErrorData | undefined {
  const own = kindOf(field).checkOptions?.(field, context) ?? {};
  return problems({
    ...own,
    id: required(field.id) ?? byteLength(field.id, 1, 100),
    name: nameProblem(field.name) ?? own.name,
    help: byteLength(field.help, 1, 300),
  });
}

const nameProblem = (name: string): ValidationError | undefined =>
  required(name) ?? byteLength(name, 1, 100) ?? matches(name, /^\w+$/) ?? noneOf(name, TAKEN_NAMES) ?? viaProblem(name);

/** `_via_` stands in paths of rules for a relation followed backwards. */
export const viaProblem = (name: string): ValidationError | undefined =>
  /_via_/i.test(name) ? invalid("validation_found_via", 'The value cannot contain "_via_".') : undefined;
