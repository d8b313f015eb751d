import type { Collection } from "../../collections/model/collection.ts";
import type { Reader } from "../../store/store.ts";
import type { WritableCollection } from "../model/writable-collection.ts";
import type { RecordContext } from "../model/record-context.ts";
import { runBeforeRemoval } from "../hooks/run-hooks.ts";

/**
 * Does what no transaction may wait for before a record is deleted: its before hooks.
 * @throws ApiError 400 for a view; what a hook throws
 */
export async function prepareRemoval(
  reader: Reader,
  context: RecordContext,
  collection: WritableCollection,
  id: string,
): Promise<void> {
  await runBeforeRemoval(reader, context, collection, id);
}
