import { type FieldValue, recordId, type RecordValues } from "@headwater/protocol";
import type { Collection } from "../collections/model/collection.ts";
import type { Schema } from "../collections/model/schema.ts";
import { formatDateTime } from "../lib/date-time.ts";
import { randomId } from "../lib/random.ts";
import { blankRecord } from "../records/model/columns.ts";
import { findRecords } from "../records/query/find-record.ts";
import { insertRow, updateRow } from "../records/write/write-row.ts";
import { sql } from "../store/sql.ts";
import type { Reader, Transaction } from "../store/store.ts";
import type { AuthRecord } from "./tokens.ts";

/** The collections that hold what the server itself notes about auth records, each row with a reference to its record. */
export type NotesName = "_mfas" | "_authOrigins";

/** @throws Error for a folder without its system collections: a bootstrap makes them */
export function notesCollection(schema: Schema, name: NotesName): Collection {
  const collection = schema.find(name);
  if (!collection) throw new Error(`the system collection ${name} is missing`);
  return collection;
}

/** The notes about a record, the newest first. */
export const findNotes = (
  reader: Reader,
  notes: Collection,
  { collection, values }: AuthRecord,
): Promise<RecordValues[]> =>
  findRecords(
    reader,
    notes,
    sql`"collectionRef" = ${collection.id} AND "recordRef" = ${values.id} ORDER BY "created" DESC`,
  );

/** @returns the new note's id */
export async function addNote(
  tx: Transaction,
  notes: Collection,
  { collection, values }: AuthRecord,
  content: Readonly<Record<string, FieldValue>>,
  now: Date,
): Promise<string> {
  const id = recordId(randomId());
  const time = formatDateTime(now);
  const references = { collectionRef: collection.id, recordRef: values.id };
  await insertRow(tx, notes, { ...blankRecord(notes), ...references, ...content, id, created: time, updated: time });
  return id;
}

export const touchNote = (tx: Transaction, notes: Collection, note: RecordValues, now: Date): Promise<void> =>
  updateRow(tx, notes, note, { ...note, updated: formatDateTime(now) });
