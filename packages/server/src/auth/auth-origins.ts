import { CryptoHasher } from "bun";
import type { Schema } from "../collections/model/schema.ts";
import { deleteRow } from "../records/write/write-row.ts";
import type { Transaction } from "../store/store.ts";
import { addSystemRecord, findSystemRecords, systemCollection, touchSystemRecord } from "./system-records.ts";
import type { AuthRecord } from "./tokens.ts";

/** The most origins that are kept for one record. */
const MAX_ORIGINS = 5;
const MAX_USER_AGENT = 200;

/** Identifies where a sign-in comes from: PocketBase's hash of address and user agent. */
export function originFingerprint(ip: string, userAgent: string): string {
  const agent = userAgent.length > MAX_USER_AGENT ? `${userAgent.slice(0, MAX_USER_AGENT)}...` : userAgent;
  return new CryptoHasher("md5").update(ip + agent).digest("hex");
}

/** Records the origin of a sign-in, and deletes the oldest origins if there are too many. */
export async function recordOrigin(
  tx: Transaction,
  schema: Schema,
  record: AuthRecord,
  fingerprint: string,
  now: Date,
): Promise<void> {
  const collection = systemCollection(schema, "_authOrigins");
  const origins = await findSystemRecords(tx, collection, record);
  const known = origins.find((origin) => origin["fingerprint"] === fingerprint);
  if (known) return touchSystemRecord(tx, collection, known, now);
  for (const old of origins.slice(MAX_ORIGINS - 1)) await deleteRow(tx, collection, old);
  await addSystemRecord(tx, collection, record, { fingerprint }, now);
}
