import type { Collection } from "../collections/collection.ts";
import type { Condition } from "../rules/condition.ts";
import type { Trust } from "../rules/record-scope.ts";
import { resolveRule } from "../rules/resolved-rules.ts";
import { RuleError } from "../rules/rule-error.ts";
import type { RecordContext } from "./record-context.ts";
import { scopeOf } from "./visibility.ts";

/** What a rule means; `undefined` for a text that is none, which no record meets. */
export function resolveOrNone(
  context: RecordContext,
  collection: Collection,
  text: string,
  trust: Trust,
): Condition | undefined {
  try {
    return resolveRule(text, scopeOf(context, collection, trust, false));
  } catch (error) {
    if (error instanceof RuleError) return undefined;
    throw error;
  }
}
