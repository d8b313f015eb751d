import { RuleError } from "../../rules/syntax/rule-error.ts";
import { StoreError } from "../../store/store.ts";

/**
 * Is the error that of a rule, filter or sort that can't be used? It doesn't parse, it names what the collection doesn't
 * have (any more), or SQLite can't run it.
 */
export const isUnreadableRule = (error: unknown): boolean =>
  error instanceof RuleError || (error instanceof StoreError && error.kind === "invalid");

/** Runs work that evaluates a rule. `undefined` if the rule is unreadable: such a rule matches no record. */
export async function undefinedIfUnreadable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (isUnreadableRule(error)) return undefined;
    throw error;
  }
}
