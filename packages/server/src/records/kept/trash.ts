import type { CollectionId, RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { keyOf } from "../../files/file-store.ts";
import type { Cascade } from "../../log/log-entry.ts";
import { type Row, sql } from "../../store/sql.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import { columnsOf, readRow } from "../model/columns.ts";
import { fileNames } from "../model/record-files.ts";
import type { WriteContext } from "../model/record-context.ts";
import { findRecord } from "../query/find-record.ts";
import { actorOf } from "./actor.ts";
import { emptyHistory } from "./history.ts";

/** Keeps a record that is being deleted. One with the same id that was deleted before is gone for good. */
export async function moveToTrash(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  record: RecordValues,
  cascade: Cascade | undefined,
): Promise<void> {
  const older = await findTrashed(tx, collection, record.id);
  if (older) removeFilesOf(tx, context, collection, older, record);
  const columns = columnsOf(collection).map(({ field, name, write }) => [field.id, write(record[name] ?? null)]);
  const { collection: causeCollection = null, record: causeRecord = null } = cascade?.cause ?? {};
  await tx.run(
    sql`INSERT OR REPLACE INTO _headwater_trash
      (collection, record, time, actor, cause_collection, cause_record, columns) VALUES (${collection.id}, ${record.id},
      ${context.now.getTime()}, ${actorOf(context)}, ${causeCollection}, ${causeRecord},
      ${JSON.stringify(Object.fromEntries(columns))})`,
  );
}

/** A deleted record's values, in the fields that the collection has now. */
export async function findTrashed(
  reader: Reader,
  collection: Collection,
  id: string,
): Promise<RecordValues | undefined> {
  if (!collection.softDelete) return undefined;
  const row = await reader.first(
    sql`SELECT columns FROM _headwater_trash WHERE collection = ${collection.id} AND record = ${id}`,
  );
  return row && readTrashed(collection, row);
}

export function readTrashed(collection: Collection, { columns }: Row): RecordValues {
  const byId = JSON.parse(String(columns)) as Record<string, Row[string]>;
  const row = Object.fromEntries(columnsOf(collection).map(({ field, name }) => [name, byId[field.id] ?? null]));
  return readRow(collection, row);
}

/** Does a record exist, or one that may be restored? Its files stay. */
export const findKept = async (
  reader: Reader,
  collection: Collection,
  id: string,
): Promise<readonly RecordValues[]> => {
  const found = [await findRecord(reader, collection, id), await findTrashed(reader, collection, id)];
  return found.filter((values) => values !== undefined);
};

/** Deletes a record from the trash for good, with its files. @returns whether there was one */
export async function purgeRecord(
  tx: Transaction,
  context: Pick<WriteContext, "files" | "background">,
  collection: Collection,
  id: string,
): Promise<boolean> {
  const row = await tx.first(
    sql`SELECT columns FROM _headwater_trash WHERE collection = ${collection.id} AND record = ${id}`,
  );
  if (!row) return false;
  const values = readTrashed(collection, row);
  removeFilesOf(tx, context, collection, values, await findRecord(tx, collection, id));
  await leaveTrash(tx, collection.id, id);
  await emptyHistory(tx, collection, id);
  return true;
}

export const leaveTrash = (tx: Transaction, collection: CollectionId, id: string): Promise<number> =>
  tx.run(sql`DELETE FROM _headwater_trash WHERE collection = ${collection} AND record = ${id}`);

/** A new record may have got the id meanwhile, and with it the folder. */
function removeFilesOf(
  tx: Transaction,
  { files, background }: Pick<WriteContext, "files" | "background">,
  collection: Collection,
  gone: RecordValues,
  kept: RecordValues | undefined,
): void {
  const keep = new Set(kept ? fileNames(collection, kept) : []);
  const names = fileNames(collection, gone).filter((name) => !keep.has(name));
  if (names.length === 0) return;
  tx.afterCommit(() => {
    background(async () => {
      for (const name of names) await files.remove(keyOf(collection.id, gone.id, name));
    });
  });
}
