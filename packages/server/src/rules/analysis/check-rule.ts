import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { parseRule } from "../syntax/parse.ts";
import { resolveExpression } from "../resolve/resolve-expression.ts";
import { recordNames } from "../resolve/resolve-name.ts";
import { RuleError } from "../syntax/rule-error.ts";

/**
 * Why a text can't be a rule of a collection; `undefined` when it can. What depends on who asks and on what is
 * submitted is not looked at, as in PocketBase: one rule may serve several auth collections.
 *
 * @param collection as it is to be saved; the schema may have an older one
 */
export function checkRule(text: string, collection: Collection, schema: Schema): string | undefined {
  if (text === "") return undefined;
  const scope = { schema, collection, trust: "trusted", auth: undefined, isNew: false } as const;
  try {
    resolveExpression(parseRule(text), recordNames(scope));
    return undefined;
  } catch (error) {
    if (error instanceof RuleError) return error.message;
    throw error;
  }
}
