import type { Transaction } from "../store/store.ts";
import type { NewChange } from "./change.ts";
import { formNumber, type NewEntry } from "./log-entry.ts";

/** Adds an entry to the log in the transaction that makes the change: both are committed, or neither is. */
export async function appendEntry(
  tx: Transaction,
  { collection, record, action, form, before, after, cascade }: NewEntry,
): Promise<void> {
  await tx.run({
    text: INSERT,
    values: [
      Date.now(),
      collection,
      record,
      action,
      before && JSON.stringify(before),
      // A delete has no values afterwards: its cascade takes their place.
      cascade ? JSON.stringify(cascade) : after && JSON.stringify(after),
      formNumber(form),
    ],
  });
}

/** Adds a change of something that is in no record, with all its values. */
export const appendChange = (
  tx: Transaction,
  { collection, record, action, before, after }: NewChange,
): Promise<void> => appendEntry(tx, { collection, record, action, form: "plain", before, after });

const INSERT =
  "INSERT INTO _changes (time, collection, record, action, before, after, form) VALUES (?, ?, ?, ?, ?, ?, ?)";
