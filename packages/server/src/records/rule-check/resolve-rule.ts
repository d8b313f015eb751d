import type { Collection } from "../../collections/model/collection.ts";
import type { Condition } from "../../rules/resolve/condition.ts";
import type { Trust } from "../../rules/resolve/record-scope.ts";
import { resolveRule } from "../../rules/analysis/resolved-rules.ts";
import { RuleError } from "../../rules/syntax/rule-error.ts";
import type { RecordContext } from "../model/record-context.ts";
import { scopeOf } from "./check-access.ts";

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
