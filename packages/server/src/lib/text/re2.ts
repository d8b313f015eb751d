import { LRUCache } from "lru-cache";
import { RE2JS } from "re2js";

/** Compiled patterns; an invalid one is cached as its error. */
const compiled = new LRUCache<string, RE2JS | Error>({ max: 500 });

function compile(pattern: string): RE2JS | Error {
  let result = compiled.get(pattern);
  if (!result) {
    try {
      result = RE2JS.compile(pattern);
    } catch (error) {
      result = error instanceof Error ? error : new Error(String(error));
    }
    compiled.set(pattern, result);
  }
  return result;
}

/** Go's message for an invalid pattern in RE2 syntax; `undefined` for a valid one. */
export function patternError(pattern: string): string | undefined {
  const result = compile(pattern);
  return result instanceof Error ? result.message : undefined;
}

/** Whether the pattern matches anywhere in the text, in linear time. An invalid pattern matches nothing. */
export function matchesPattern(pattern: string, text: string): boolean {
  const result = compile(pattern);
  return result instanceof Error ? false : result.matcher(text).find();
}
