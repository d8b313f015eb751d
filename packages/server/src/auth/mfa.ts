import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../collections/model/collection.ts";
import type { Schema } from "../collections/model/schema.ts";
import { badRequest } from "../lib/api-error.ts";
import { toText } from "../lib/coerce.ts";
import { dateTimeMillis } from "../lib/date-time.ts";
import { findRecord } from "../records/query/find-record.ts";
import { deleteRow } from "../records/write/write-row.ts";
import type { Store } from "../store/store.ts";
import { addNote, notesCollection } from "./system-records.ts";
import type { AuthRecord } from "./tokens.ts";

export type AuthMethod = "password" | "oauth2" | "otp";

/** A sign-in by one method, and the first half that it completes, if any. */
export interface Factor {
  readonly record: AuthRecord;
  readonly method: AuthMethod;
  /** Of the first half; "" when this is it. */
  readonly mfaId: string;
  readonly now: Date;
}

/**
 * Multi-factor sign-in for a record that it is asked of.
 *
 * @returns the id to come back with by another method; `undefined` when this was the second one
 * @throws ApiError 400 when there is no such first half, or it was made by the same method
 */
export async function checkFactor(store: Store, schema: Schema, factor: Factor): Promise<string | undefined> {
  const sessions = notesCollection(schema, "_mfas");
  const { record, method, mfaId, now } = factor;
  if (mfaId === "") return store.write((tx) => addNote(tx, sessions, record, { method }, now));

  const session = await findRecord(store, sessions, mfaId);
  if (!session) throw badRequest(EXPIRED);
  if (isExpired(session, factor)) {
    await end(store, sessions, session);
    throw badRequest(EXPIRED);
  }
  if (session["recordRef"] !== record.values.id || session["collectionRef"] !== record.collection.id) {
    throw badRequest("Invalid MFA session.");
  }
  if (session["method"] === method) throw badRequest("A different authentication method is required.");
  // Two second halves may arrive at once; the session serves one of them.
  if (!(await end(store, sessions, session))) throw badRequest(EXPIRED);
  return undefined;
}

const EXPIRED = "Invalid or expired MFA session.";

const isExpired = (session: RecordValues, { record, now }: Factor): boolean =>
  dateTimeMillis(toText(session["created"])) + record.collection.auth.mfa.duration * 1000 < now.getTime();

/** @returns whether the session was still there */
const end = (store: Store, sessions: Collection, { id }: RecordValues): Promise<boolean> =>
  store.write(async (tx) => {
    const session = await findRecord(tx, sessions, id);
    if (session) await deleteRow(tx, sessions, session);
    return session !== undefined;
  });
