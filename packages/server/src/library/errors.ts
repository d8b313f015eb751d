import type { ErrorData, ValidationError } from "@headwater/protocol";
import { type ApiError, badRequest, invalid as problem } from "../lib/api-error.ts";

/**
 * An error 400 that lists the problems by field, in PocketBase's shape.
 *
 * @param fields by field name, a sentence, or a code and a message for clients that handle problems by code
 */
export const invalid = (
  fields: Readonly<Record<string, string | Pick<ValidationError, "code" | "message">>>,
  message = "An error occurred while validating the submitted data.",
): ApiError => {
  const entries = Object.entries(fields).map(([name, value]) =>
    typeof value === "string"
      ? ([name, problem("validation_invalid_value", value)] as const)
      : ([name, problem(value.code, value.message)] as const),
  );
  const data: ErrorData = Object.fromEntries(entries);
  return badRequest(message, data);
};
