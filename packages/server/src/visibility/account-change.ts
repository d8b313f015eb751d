import type { Change } from "../log/change.ts";
import { type Principal, principalOf } from "../rules/principal.ts";

/**
 * Did the change update the requester's own account in a way that rules can tell?
 *
 * @param keyOf gives equal keys for principals that the rules treat alike
 */
export function changesRequester(change: Change, principal: Principal, keyOf: (as: Principal) => string): boolean {
  if (principal.kind === "guest" || change.action !== "update") return false;
  const { collection, values } = principal;
  if (change.collection !== collection.id || change.record !== values.id) return false;
  return keyOf(principalOf(collection, change.before)) !== keyOf(principalOf(collection, change.after));
}
