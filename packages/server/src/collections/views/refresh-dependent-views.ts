import { formatDateTime } from "../../lib/date-time.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import { updateCollectionRow } from "../model/collections-table.ts";
import { fieldToJson } from "../fields/field-kinds.ts";
import { logCollection } from "../model/log-collection-change.ts";
import type { Schema } from "../model/schema.ts";
import { inferViewFields, syncView, viewErrorText } from "./create-view.ts";

/**
 * Saves the views whose fields are others after a change of a collection, and those that build on them. A view that no
 * longer works is left for its owner to mend, as in PocketBase.
 *
 * @param schema with the change
 * @returns the views that don't work
 */
export async function refreshViews(
  tx: Transaction,
  { schema, now }: { readonly schema: Schema; readonly now: Date },
  changed: Collection,
): Promise<readonly Collection[]> {
  let known = schema;
  let broken: Collection[] = [];
  // Each pass reaches one level of views on views; a view on itself can't be.
  for (let saved = true; saved;) {
    saved = false;
    broken = [];
    for (const view of known.collections) {
      if (view.type !== "view" || view.id === changed.id) continue;
      try {
        const fields = await inferViewFields(tx, view.viewQuery, known);
        if (shapeOf({ ...view, fields }) === shapeOf(view)) continue;
        const after = { ...view, fields, updated: formatDateTime(now) };
        await syncView(tx, after);
        await updateCollectionRow(tx, after);
        await logCollection(tx, view, after);
        known = known.with(after);
        saved = true;
      } catch (error) {
        viewErrorText(error);
        broken.push(view);
      }
    }
  }
  return broken;
}

/** Ids of copied fields are random, so they tell nothing. */
const shapeOf = ({ fields }: Collection): string =>
  JSON.stringify(fields.map((field) => ({ ...fieldToJson(field), id: "" })));
