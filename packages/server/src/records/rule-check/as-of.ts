import type { Schema } from "../../collections/model/schema.ts";
import { countAfter } from "../../log/change-log.ts";
import type { RecordKey } from "../../log/log-entry.ts";
import { readChangesAfter } from "../changes/read-changes.ts";
import { type DeletedRecord, readDelete } from "../changes/read-delete.ts";
import type { Reader } from "../../store/store.ts";
import type { RowOverride } from "./row-override.ts";

/** A position in the log: rules read related records as they were there. */
export interface AsOf {
  readonly seq: number;
  /** The changed record itself, as it was before or after its change. */
  readonly override?: RowOverride;
  /** The delete that is judged, if it followed from another one: as of the place before all of them. */
  readonly cascade?: { readonly seq: number; readonly cause: RecordKey };
}

/** The most changes to undo. Each becomes one SELECT, and SQLite allows no more than 500 in a compound statement. */
const MAX_NEWER = 400;
/** The most records whose deletes led to one another. */
const MAX_CAUSES = 100;

/**
 * Undoes what was written after a position in the log. Call it on the snapshot that the statement will read.
 *
 * @returns `undefined` if there are too many newer changes
 */
export async function overridesAsOf(
  reader: Reader,
  schema: Schema,
  { seq, override, cascade }: AsOf,
): Promise<readonly RowOverride[] | undefined> {
  const count = await countAfter(reader, seq, MAX_NEWER);
  if (count > MAX_NEWER) return cascade && causesOf(reader, schema, cascade);
  const newer = count === 0 ? [] : await readChangesAfter(reader, { stored: schema, show: "all" }, seq, count);
  const overrides = new Map<string, RowOverride>();
  const add = (added: RowOverride): void => {
    const key = `${added.collection.id}/${added.id}`;
    // The oldest of several changes has the values to go back to.
    if (!overrides.has(key)) overrides.set(key, added);
  };
  if (override) add(override);
  for (const { collection: id, record, before } of newer) {
    const collection = schema.find(id);
    if (collection) add({ collection, id: record, values: before });
  }
  return [...overrides.values()];
}

/**
 * The records that a deleted one depended on, for a cascade that is too large to undo: the rules of dependent records read
 * them more often than any other. Their deletes follow in the log.
 */
async function causesOf(
  reader: Reader,
  schema: Schema,
  { seq, cause }: NonNullable<AsOf["cascade"]>,
): Promise<readonly RowOverride[]> {
  const causes: RowOverride[] = [];
  let [key, after]: [RecordKey | undefined, number] = [cause, seq];
  while (key && causes.length < MAX_CAUSES) {
    const deleted: DeletedRecord | undefined = await readDelete(reader, schema, key, after);
    if (!deleted) break;
    causes.push(deleted);
    [key, after] = [deleted.cascade?.cause, deleted.seq];
  }
  return causes;
}
