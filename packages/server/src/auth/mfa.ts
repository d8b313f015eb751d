import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../collections/model/collection.ts";
import type { Schema } from "../collections/model/schema.ts";
import { badRequest } from "../lib/api-error.ts";
import { toText } from "../lib/text/coerce.ts";
import { dateTimeMillis } from "../lib/text/date-time.ts";
import { findRecord } from "../records/query/find-record.ts";
import { deleteRow } from "../records/write/write-row.ts";
import type { Store } from "../store/store.ts";
import { addSystemRecord, systemCollection } from "./system-records.ts";
import type { AuthRecord } from "./tokens.ts";

export type AuthMethod = "password" | "oauth2" | "otp";

/** A sign-in by one method, and the session that it completes, if any. */
export interface SignInFactor {
  readonly record: AuthRecord;
  readonly method: AuthMethod;
  /** The id of the session; "" for the first factor. */
  readonly mfaId: string;
  readonly now: Date;
}

/**
 * Checks one factor of a multi-factor sign-in.
 *
 * @returns the id of a new session, to complete with another method; `undefined` if this was the second factor
 * @throws ApiError 400 if there is no such session, or the first factor used the same method
 */
export async function checkSignInFactor(
  store: Store,
  schema: Schema,
  factor: SignInFactor,
): Promise<string | undefined> {
  const sessions = systemCollection(schema, "_mfas");
  const { record, method, mfaId, now } = factor;
  if (mfaId === "") return store.write((tx) => addSystemRecord(tx, sessions, record, { method }, now));

  const session = await findRecord(store, sessions, mfaId);
  if (!session) throw badRequest(EXPIRED);
  if (isExpired(session, factor)) {
    await endSession(store, sessions, session);
    throw badRequest(EXPIRED);
  }
  if (session["recordRef"] !== record.values.id || session["collectionRef"] !== record.collection.id) {
    throw badRequest("Invalid MFA session.");
  }
  if (session["method"] === method) throw badRequest("A different authentication method is required.");
  // Of two requests that complete the session at once, only one succeeds.
  if (!(await endSession(store, sessions, session))) throw badRequest(EXPIRED);
  return undefined;
}

const EXPIRED = "Invalid or expired MFA session.";

const isExpired = (session: RecordValues, { record, now }: SignInFactor): boolean =>
  dateTimeMillis(toText(session["created"])) + record.collection.auth.mfa.duration * 1000 < now.getTime();

/** @returns whether the session still existed */
const endSession = (store: Store, sessions: Collection, { id }: RecordValues): Promise<boolean> =>
  store.write(async (tx) => {
    const session = await findRecord(tx, sessions, id);
    if (session) await deleteRow(tx, sessions, session);
    return session !== undefined;
  });
