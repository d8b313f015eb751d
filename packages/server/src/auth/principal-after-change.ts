import type { RecordValues } from "@headwater/protocol";
import type { Schema } from "../collections/model/schema.ts";
import type { Change } from "../log/change.ts";
import { GUEST, type Principal, principalKey, principalOf } from "../rules/principal.ts";

/** The principal that replaces the one with this key. */
export interface PrincipalChange {
  readonly key: string;
  readonly principal: Principal;
}

/**
 * The principal of connections that are signed in as the changed auth record. After a deletion or with a new `tokenKey`
 * (from a change of password or email) they become guests. Any other change gives them the record's new values.
 *
 * @returns `undefined` if the change isn't an update or deletion of an auth record
 */
export function principalAfterChange(change: Change, schema: Schema): PrincipalChange | undefined {
  const collection = schema.find(change.collection);
  if (collection?.type !== "auth" || change.action === "create") return undefined;
  const key = principalKey(principalOf(collection, change.before));
  const isRevoked = change.action === "delete" || change.after["tokenKey"] !== change.before["tokenKey"];
  return { key, principal: isRevoked ? GUEST : principalOf(collection, change.after) };
}

/** The principal under a new schema: a guest if its collection was deleted or has a new token secret. */
export function principalUnderSchema(principal: Principal, schema: Schema): Principal {
  if (principal.kind === "guest") return principal;
  const now = schema.find(principal.collection.id);
  if (now?.type !== "auth" || now.auth.authToken.secret !== principal.collection.auth.authToken.secret) return GUEST;
  return principalOf(now, principal.values);
}

/** The principal with the values that its account has now; a guest if that is gone, or no longer accepts its token. */
export function principalInAccounts(
  principal: Principal,
  accounts: ReadonlyMap<string, RecordValues | undefined>,
): Principal {
  if (principal.kind === "guest") return principal;
  const values = accounts.get(principalKey(principal));
  if (!values || values["tokenKey"] !== principal.values["tokenKey"]) return GUEST;
  return principalOf(principal.collection, values);
}
