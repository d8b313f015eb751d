import type { ValidationError } from "@headwater/protocol";
import { asClause } from "../../tables/engine-message.ts";

/** Codes of the general checks, whose messages PocketBase begins without a capital. */
const GENERAL =
  /^validation_(?:required|nil_or_not_empty_required|length_\w+|(?:min|max)_\w+_required|in_invalid|not_in_invalid|match_invalid|is_\w+|date_\w+|multiple_of_invalid)$/;

/** Codes whose messages have no full stop. */
const UNSTOPPED: ReadonlySet<string> = new Set([
  "validation_duplicated_field_id",
  "validation_duplicated_field_name",
  "validation_invalid_autogenerate_pattern",
  "validation_invalid_autogenerate_pattern_value",
  "validation_invalid_regex",
  "validation_invalid_rule",
  "validation_invalid_view_query",
  "validation_missing_field",
]);

/** The message of a failed check before it was made a sentence: an import embeds it as it was. */
export function rawMessage({ code, message }: ValidationError): string {
  if (GENERAL.test(code)) return asClause(message);
  return UNSTOPPED.has(code) ? message.replace(/\.$/, "") : message;
}
