import { blankRecord } from "../../records/model/columns.ts";
import { superusersOf } from "../../auth/system-context.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { unauthorized } from "../../lib/api-error.ts";
import { findRecord } from "../../records/query/find-record.ts";
import { presentToApp } from "../../records/present/present.ts";
import { GUEST, type Principal, principalOf } from "../../rules/principal.ts";
import type { Reader } from "../../store/store.ts";
import { requireCollection, type AppContext } from "../context/app-context.ts";
import type { UntypedRecord } from "../collections/record-types.ts";

/** Who makes a request: the application itself, a guest, or an account, which is a record of an auth collection. */
export interface Caller {
  readonly kind: "app" | "guest" | "user" | "superuser";
  /** The account of a user or superuser; `undefined` for the others. */
  readonly record: UntypedRecord | undefined;
}

/** An account that was read earlier. The server reads its current record when it is used. */
export interface AccountRef {
  readonly id: string;
  readonly collectionName: string;
}

/** A caller without an account. */
export const guest: Caller = { kind: "guest", record: undefined };

/** A caller, unlike its principal, holds no secrets, so it may be logged or sent. */
const principals = new WeakMap<Caller | AccountRef, Principal>([[guest, GUEST]]);

export function callerOf(principal: Principal): Caller {
  if (principal.kind === "guest") return guest;
  const { collection, values, kind } = principal;
  const isApp = values.id === "";
  const record = isApp ? undefined : (presentToApp(collection, values) as UntypedRecord);
  const caller: Caller = { kind: isApp ? "app" : kind, record };
  principals.set(caller, principal);
  return caller;
}

/**
 * The principal of a caller or account.
 *
 * @param requester `undefined` for the application itself, a superuser without a stored record
 * @throws ApiError 401 if the account does not exist
 */
export async function principalFor(
  appContext: AppContext,
  reader: Reader,
  schema: Schema,
  requester: Caller | AccountRef | undefined,
): Promise<Principal> {
  if (!requester) return principalOf(superusersOf(schema), blankRecord(superusersOf(schema)));
  const known = principals.get(requester);
  if (known) return known;
  if (!("collectionName" in requester))
    throw unauthorized("The caller must come from a hook or request of this server.");
  const collection = requireCollection(appContext, requester.collectionName);
  const values = collection.type === "auth" ? await findRecord(reader, collection, requester.id) : undefined;
  if (collection.type !== "auth" || !values) throw unauthorized(`There is no account "${requester.id}".`);
  return principalOf(collection, values);
}
