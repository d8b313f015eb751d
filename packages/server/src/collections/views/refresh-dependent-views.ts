import { formatDateTime } from "../../lib/text/date-time.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import { updateCollectionRow } from "../model/collections-table.ts";
import { fieldToJson } from "../fields/field-kinds.ts";
import { logCollectionChange } from "../model/log-collection-change.ts";
import type { Schema } from "../model/schema.ts";
import { inferViewFields, createView, viewErrorMessage } from "./create-view.ts";

/**
 * Updates the views whose fields differ after a change of a collection, and the views that build on them. As in
 * PocketBase, a view that no longer works is left for its owner to fix.
 *
 * @param schema includes the change
 * @returns the views that no longer work
 */
export async function refreshDependentViews(
  tx: Transaction,
  { schema, now }: { readonly schema: Schema; readonly now: Date },
  changed: Collection,
): Promise<readonly Collection[]> {
  let current = schema;
  let broken: Collection[] = [];
  // Each pass reaches one more level of views on views. Views can't be circular, so this ends.
  for (let saved = true; saved;) {
    saved = false;
    broken = [];
    for (const view of current.collections) {
      if (view.type !== "view" || view.id === changed.id) continue;
      try {
        const fields = await inferViewFields(tx, view.viewQuery, current);
        if (shapeOf({ ...view, fields }) === shapeOf(view)) continue;
        const after = { ...view, fields, updated: formatDateTime(now) };
        await createView(tx, after);
        await updateCollectionRow(tx, after);
        await logCollectionChange(tx, view, after);
        current = current.with(after);
        saved = true;
      } catch (error) {
        viewErrorMessage(error);
        broken.push(view);
      }
    }
  }
  return broken;
}

/** Ignores the ids of copied fields, which are random. */
const shapeOf = ({ fields }: Collection): string =>
  JSON.stringify(fields.map((field) => ({ ...fieldToJson(field), id: "" })));
