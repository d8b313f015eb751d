import type { ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { patternError } from "../../lib/text/re2.ts";

/** Checks the pattern of an option; "" means no pattern. */
export function regexProblem(pattern: string): ValidationError | undefined {
  const error = pattern === "" ? undefined : patternError(pattern);
  return error === undefined ? undefined : invalid("validation_invalid_regex", error);
}
