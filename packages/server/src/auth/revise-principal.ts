import type { Schema } from "../collections/model/schema.ts";
import type { Change } from "../log/change.ts";
import { GUEST, type Principal, principalKey, principalOf } from "../rules/principal.ts";

/** What becomes of a principal, by its key. */
export interface Revision {
  readonly key: string;
  readonly principal: Principal;
}

/**
 * What a change of an auth record makes of those who are connected as that record. A new `tokenKey` (after a change of
 * password or email) and a deletion make guests of them; anything else only new values.
 *
 * @returns `undefined` when the change is of no auth record
 */
export function revisePrincipal(change: Change, schema: Schema): Revision | undefined {
  const collection = schema.find(change.collection);
  if (collection?.type !== "auth" || change.action === "create") return undefined;
  const key = principalKey(principalOf(collection, change.before));
  const revoked = change.action === "delete" || change.after["tokenKey"] !== change.before["tokenKey"];
  return { key, principal: revoked ? GUEST : principalOf(collection, change.after) };
}

/** The principal under other collections: a guest where its own is gone or no longer stands by its tokens. */
export function reviseForSchema(principal: Principal, schema: Schema): Principal {
  if (principal.kind === "guest") return principal;
  const now = schema.find(principal.collection.id);
  if (now?.type !== "auth" || now.auth.authToken.secret !== principal.collection.auth.authToken.secret) return GUEST;
  return principalOf(now, principal.values);
}
