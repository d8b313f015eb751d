import { RuleError } from "./rule-error.ts";

const MAX_FILTER_BYTES = 3_500;

/** @throws RuleError for a `filter` parameter longer than PocketBase's limit */
export function checkFilterLength(text: string): void {
  if (Buffer.byteLength(text) > MAX_FILTER_BYTES) throw new RuleError("max filter length limit reached", 0);
}
