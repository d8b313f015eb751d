import type { ValidationError } from "@headwater/protocol";
import { invalid } from "../../lib/api-error.ts";
import { patternError } from "../../lib/re2.ts";

/** What is wrong with a pattern that an option holds; "" is none. */
export function regexProblem(pattern: string): ValidationError | undefined {
  const error = pattern === "" ? undefined : patternError(pattern);
  return error === undefined ? undefined : invalid("validation_invalid_regex", error);
}
