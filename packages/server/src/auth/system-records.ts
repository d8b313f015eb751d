import { type FieldValue, recordId, type RecordValues } from "@headwater/protocol";
import type { Collection } from "../collections/model/collection.ts";
import type { Schema } from "../collections/model/schema.ts";
import { formatDateTime } from "../lib/text/date-time.ts";
import { randomId } from "../lib/random.ts";
import { blankRecord } from "../records/model/columns.ts";
import { findRecords } from "../records/query/find-record.ts";
import { insertRow, updateRow } from "../records/write/write-row.ts";
import { sql } from "../store/sql.ts";
import type { Reader, Transaction } from "../store/store.ts";
import type { AuthRecord } from "./tokens.ts";

/** Collections of the server's own data about auth records. Each record refers to its auth record. */
export type SystemCollectionName = "_mfas" | "_authOrigins";

/** @throws Error if the data folder lacks its system collections, which are created when it is first opened */
export function systemCollection(schema: Schema, name: SystemCollectionName): Collection {
  const collection = schema.find(name);
  if (!collection) throw new Error(`the system collection ${name} is missing`);
  return collection;
}

/** The data about an auth record, newest first. */
export const findSystemRecords = (
  reader: Reader,
  system: Collection,
  { collection, values }: AuthRecord,
): Promise<RecordValues[]> =>
  findRecords(
    reader,
    system,
    sql`"collectionRef" = ${collection.id} AND "recordRef" = ${values.id} ORDER BY "created" DESC`,
  );

/** @returns the new record's id */
export async function addSystemRecord(
  tx: Transaction,
  system: Collection,
  { collection, values }: AuthRecord,
  content: Readonly<Record<string, FieldValue>>,
  now: Date,
): Promise<string> {
  const id = recordId(randomId());
  const time = formatDateTime(now);
  const references = { collectionRef: collection.id, recordRef: values.id };
  await insertRow(tx, system, { ...blankRecord(system), ...references, ...content, id, created: time, updated: time });
  return id;
}

/** Sets the record's `updated` date. */
export const touchSystemRecord = (
  tx: Transaction,
  system: Collection,
  record: RecordValues,
  now: Date,
): Promise<void> => updateRow(tx, system, record, { ...record, updated: formatDateTime(now) });
