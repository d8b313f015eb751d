import type { Collection } from "../../collections/model/collection.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { parseRule } from "../syntax/parse.ts";
import { resolveExpression } from "../resolve/resolve-expression.ts";
import { nameResolver } from "../resolve/resolve-name.ts";
import { RuleError } from "../syntax/rule-error.ts";

/**
 * Returns why a text is not a valid rule of a collection in PocketBase's words, or `undefined` if it is valid. As in PocketBase, the parts
 * that depend on the requester or on the body are not checked: one rule may serve several auth collections.
 *
 * @param collection as it will be saved; the schema may have an older version
 */
export function checkRule(text: string, collection: Collection, schema: Schema): string | undefined {
  if (text === "") return undefined;
  const scope = { schema, collection, trust: "trusted", auth: undefined, isNew: false } as const;
  try {
    resolveExpression(parseRule(text), nameResolver(scope));
    return undefined;
  } catch (error) {
    if (error instanceof RuleError) return error.reason;
    throw error;
  }
}
