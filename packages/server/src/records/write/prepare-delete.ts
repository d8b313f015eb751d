import type { Reader } from "../../store/store.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import type { RecordContext } from "../model/record-context.ts";
import { runBeforeDeleteHooks } from "../hooks/run-hooks.ts";

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
): Promise<void> {
  await runBeforeDeleteHooks(reader, context, collection, id);
}
