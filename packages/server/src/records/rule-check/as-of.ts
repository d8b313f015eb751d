import type { Schema } from "../../collections/model/schema.ts";
import { readAfter } from "../../log/change-log.ts";
import type { Reader } from "../../store/store.ts";
import type { RowOverride } from "./row-override.ts";

/** A place of the log, where a rule is to find related records as they were then. */
export interface AsOf {
  readonly seq: number;
  /** The changed record itself, before or after its change. */
  readonly standIn?: RowOverride;
}

/** Changes that are looked through, and records that stand in at most: SQLite joins no more than 500 SELECTs. */
const MAX_NEWER = 400;

/**
 * What has been written behind a place of the log, as it was there. Ask on the snapshot that the statement will read.
 *
 * @returns `undefined` when there is too much of it
 */
export async function overridesAsOf(
  reader: Reader,
  schema: Schema,
  { seq, standIn }: AsOf,
): Promise<readonly RowOverride[] | undefined> {
  const newer = await readAfter(reader, seq, MAX_NEWER + 1);
  if (newer.length > MAX_NEWER) return undefined;
  const standIns = new Map<string, RowOverride>();
  const add = (standing: RowOverride): void => {
    const key = `${standing.collection.id}/${standing.id}`;
    if (!standIns.has(key)) standIns.set(key, standing);
  };
  if (standIn) add(standIn);
  for (const { collection: id, record, before } of newer) {
    const collection = schema.find(id);
    if (collection) add({ collection, id: record, values: before });
  }
  return [...standIns.values()];
}
