import { CryptoHasher } from "bun";
import type { Schema } from "../collections/model/schema.ts";
import { deleteRow } from "../records/write/write-row.ts";
import type { Transaction } from "../store/store.ts";
import { addNote, findNotes, notesCollection, touchNote } from "./system-records.ts";
import type { AuthRecord } from "./tokens.ts";

/** Origins that are remembered of one record. */
const MAX_ORIGINS = 5;
const MAX_USER_AGENT = 200;

/** Where a sign-in comes from: PocketBase's hash of address and browser. */
export function originFingerprint(ip: string, userAgent: string): string {
  const agent = userAgent.length > MAX_USER_AGENT ? `${userAgent.slice(0, MAX_USER_AGENT)}...` : userAgent;
  return new CryptoHasher("md5").update(ip + agent).digest("hex");
}

/** Notes from where a record signed in; of too many, the oldest are forgotten. */
export async function noteOrigin(
  tx: Transaction,
  schema: Schema,
  record: AuthRecord,
  fingerprint: string,
  now: Date,
): Promise<void> {
  const notes = notesCollection(schema, "_authOrigins");
  const origins = await findNotes(tx, notes, record);
  const known = origins.find((origin) => origin["fingerprint"] === fingerprint);
  if (known) return touchNote(tx, notes, known, now);
  for (const old of origins.slice(MAX_ORIGINS - 1)) await deleteRow(tx, notes, old);
  await addNote(tx, notes, record, { fingerprint }, now);
}
