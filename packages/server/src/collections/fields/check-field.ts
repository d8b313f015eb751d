import type { ErrorData, ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { byteLength, matches, noneOf, problems, required } from "../../lib/validators.ts";
import type { Field } from "./field.ts";
import type { OptionContext } from "./field-kind.ts";
import { kindOf } from "./field-kinds.ts";

/** Names that SQL, a record's JSON or every object already uses. PocketBase accepts the last one. */
const RESERVED_NAMES = ["null", "true", "false", "_rowid_", "collectionId", "collectionName", "expand", "__proto__"];

/** Checks all options of a field. The result is keyed by option; `undefined` if there is no problem. */
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
  required(name) ??
  byteLength(name, 1, 100) ??
  matches(name, /^\w+$/) ??
  noneOf(name, RESERVED_NAMES) ??
  viaProblem(name);

/** In a rule's path, `_via_` marks a back-relation. */
export const viaProblem = (name: string): ValidationError | undefined =>
  /_via_/i.test(name) ? invalid("validation_found_via", 'The value cannot contain "_via_".') : undefined;
