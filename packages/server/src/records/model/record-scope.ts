import type { Collection } from "../../collections/model/collection.ts";
import type { RecordScope, Trust } from "../../rules/resolve/record-scope.ts";
import type { RecordContext } from "./record-context.ts";

/**
 * What a rule of the collection can name for this requester.
 *
 * @param trust `client` for a filter that a client sent
 * @param isNew whether the rule is about a record that is not stored yet
 */
export function recordScope(
  { schema, principal }: RecordContext,
  collection: Collection,
  trust: Trust = "trusted",
  isNew = false,
): RecordScope {
  const auth = principal.kind === "guest" ? undefined : principal.collection;
  return { schema, collection, trust, auth, isNew };
}
