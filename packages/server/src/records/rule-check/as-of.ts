import type { Schema } from "../../collections/model/schema.ts";
import { readChangesAfter } from "../changes/read-changes.ts";
import type { Reader } from "../../store/store.ts";
import type { RowOverride } from "./row-override.ts";

/** A position in the log: rules read related records as they were there. */
export interface AsOf {
  readonly seq: number;
  /** The changed record itself, as it was before or after its change. */
  readonly override?: RowOverride;
}

/** The most changes to undo. Each becomes one SELECT, and SQLite allows no more than 500 in a compound statement. */
const MAX_NEWER = 400;

/**
 * Undoes what was written after a position in the log. Call it on the snapshot that the statement will read.
 *
 * @returns `undefined` if there are too many newer changes
 */
export async function overridesAsOf(
  reader: Reader,
  schema: Schema,
  { seq, override }: AsOf,
): Promise<readonly RowOverride[] | undefined> {
  const newer = await readChangesAfter(reader, { stored: schema, show: "all" }, seq, MAX_NEWER + 1);
  if (newer.length > MAX_NEWER) return undefined;
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
