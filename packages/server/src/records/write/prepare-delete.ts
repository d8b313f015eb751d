import type { Reader } from "../../store/store.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import type { RecordContext } from "../model/record-context.ts";
import { type FindRecord, runBeforeDeleteHooks } from "../hooks/run-hooks.ts";
import { findRecord } from "../query/find-record.ts";

/**
 * Does the slow part of a delete, for which no transaction may wait: its before hooks.
 *
 * @throws whatever a hook throws
 */
export async function prepareDelete(
  reader: Reader,
  context: RecordContext,
  collection: WritableCollection,
  id: string,
  find: FindRecord = (target, record) => findRecord(reader, target, record),
): Promise<void> {
  await runBeforeDeleteHooks(find, context, collection, id);
}
