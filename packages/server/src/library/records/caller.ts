import { blankRecord } from "../../records/model/columns.ts";
import { superusersOf } from "../../auth/system-context.ts";
import type { Schema } from "../../collections/model/schema.ts";
import { unauthorized } from "../../lib/api-error.ts";
import { findRecord } from "../../records/query/find-record.ts";
import { showToApp } from "../../records/present/present.ts";
import { GUEST, type Principal, principalOf } from "../../rules/principal.ts";
import type { Reader } from "../../store/store.ts";
import { collectionOf, type AppContext } from "../context/app-context.ts";
import type { UntypedRecord } from "../collections/record-types.ts";

/** Who asks: the application itself, somebody unknown, or an account, which is a record of an auth collection. */
export interface Caller {
  readonly kind: "app" | "guest" | "user" | "superuser";
  /** The account of a user or superuser. */
  readonly record: UntypedRecord | undefined;
}

/** An account as the library read it; when it is used, what is stored then counts. */
export interface AccountRef {
  readonly id: string;
  readonly collectionName: string;
}

/** Somebody unknown. */
export const guest: Caller = { kind: "guest", record: undefined };

/** A principal holds the secrets of its record, a caller does not: it may be logged or sent. */
const principals = new WeakMap<Caller | AccountRef, Principal>([[guest, GUEST]]);

export function callerOf(principal: Principal): Caller {
  if (principal.kind === "guest") return guest;
  const { collection, values, kind } = principal;
  const isApp = values.id === "";
  const record = isApp ? undefined : (showToApp(collection, values) as UntypedRecord);
  const caller: Caller = { kind: isApp ? "app" : kind, record };
  principals.set(caller, principal);
  return caller;
}

/**
 * @param who `undefined` for the application itself: a superuser who is stored nowhere
 * @throws ApiError 401 for an account that is not there
 */
export async function principalFor(
  ground: AppContext,
  reader: Reader,
  schema: Schema,
  who: Caller | AccountRef | undefined,
): Promise<Principal> {
  if (!who) return principalOf(superusersOf(schema), blankRecord(superusersOf(schema)));
  const known = principals.get(who);
  if (known) return known;
  if (!("collectionName" in who)) throw unauthorized("That is no caller of this server.");
  const collection = collectionOf(ground, who.collectionName);
  const values = collection.type === "auth" ? await findRecord(reader, collection, who.id) : undefined;
  if (collection.type !== "auth" || !values) throw unauthorized(`There is no account "${who.id}".`);
  return principalOf(collection, values);
}
