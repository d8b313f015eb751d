import type { Transaction } from "../store/store.ts";
import type { NewChange } from "./change.ts";

/**
 * Adds a change to the log in the transaction that makes it: both are committed, or neither is.
 *
 * @param secrets names of values that must not outlive the record's row, such as password hashes
 */
export async function appendChange(tx: Transaction, change: NewChange, secrets: ReadonlySet<string>): Promise<void> {
  await tx.run({
    text: INSERT,
    values: [
      Date.now(),
      change.collection,
      change.record,
      change.action,
      encodeValues(change.before, secrets),
      encodeValues(change.after, secrets),
    ],
  });
}

const INSERT = "INSERT INTO _changes (time, collection, record, action, before, after) VALUES (?, ?, ?, ?, ?, ?)";

function encodeValues(values: NewChange["before" | "after"], secrets: ReadonlySet<string>): string | null {
  if (values === null) return null;
  if (secrets.size === 0) return JSON.stringify(values);
  return JSON.stringify(Object.fromEntries(Object.entries(values).filter(([name]) => !secrets.has(name))));
}
