import type { RecordValues } from "@headwater/protocol";
import { type Collection, SUPERUSERS } from "../../collections/model/collection.ts";
import { invalid } from "../../lib/api-error.ts";
import { sql } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import { removeOutdatedAuthData, removeInstaller, authValuesToWrite } from "./auth-side-effects.ts";
import { autodates } from "./autodates.ts";
import { type RecordDraft, fillGenerated } from "../model/record-draft.ts";
import { throwIfInvalid } from "../model/invalid-record.ts";
import type { WriteContext } from "../model/record-context.ts";
import { removeUnusedFiles } from "../model/record-files.ts";
import { runWithinHooks } from "../hooks/run-hooks.ts";
import { addHistory } from "../kept/history.ts";
import { validateRecord } from "./validate-record.ts";
import { insertRow, updateRow } from "./write-row.ts";

/**
 * Creates a record, regardless of rules: fills generated fields, validates, sets the dates, writes.
 *
 * @returns the record as it was written
 * @throws InvalidRecord
 */
export async function insertRecord(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  draft: RecordDraft,
): Promise<RecordValues> {
  const generated = fillGenerated(collection, draft);
  throwIfInvalid(await validateRecord(tx, context.schema, collection, undefined, generated));
  const after = { ...generated.values, ...datesOf(context, collection, "onCreate"), ...forcedValues(collection) };
  if (collection.type === "auth") await assertUniqueAuthId(tx, context, collection, after.id);
  await insertRow(tx, collection, after);
  if (collection.history) await addHistory(tx, context, collection, "create", undefined, after);
  await runWithinHooks(tx, context, collection, undefined, after);
  if (collection.name === SUPERUSERS) await removeInstaller(tx, context, collection, after);
  return after;
}

/**
 * Updates a record, regardless of rules.
 *
 * @param before the record as the transaction reads it
 * @returns the record as it was written
 * @throws InvalidRecord
 */
export async function updateStoredRecord(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  before: RecordValues,
  draft: RecordDraft,
): Promise<RecordValues> {
  throwIfInvalid(await validateRecord(tx, context.schema, collection, before, draft));
  const dated = { ...draft.values, ...datesOf(context, collection, "onUpdate"), ...forcedValues(collection) };
  const after =
    collection.type === "auth"
      ? await authValuesToWrite(tx, context, collection, before, { ...draft, values: dated })
      : dated;
  if (collection.type === "auth") await assertUniqueAuthId(tx, context, collection, after.id);
  await updateRow(tx, collection, before, after);
  if (collection.history) await addHistory(tx, context, collection, "update", before, after);
  await runWithinHooks(tx, context, collection, before, after);
  if (collection.type === "auth") await removeOutdatedAuthData(tx, context, collection, before, after);
  removeUnusedFiles(tx, context, collection, before, after);
  return after;
}

const datesOf = ({ now, dates }: WriteContext, collection: Collection, event: "onCreate" | "onUpdate") => ({
  ...autodates(collection, event, now),
  ...dates,
});

/** Only someone trusted creates a superuser, so there is nothing to verify. */
const forcedValues = (collection: Collection): { readonly verified?: true } =>
  collection.name === SUPERUSERS ? { verified: true } : {};

/** Two auth records with the same id would both meet a rule that compares `@request.auth.id`. */
async function assertUniqueAuthId(tx: Transaction, { schema }: WriteContext, collection: Collection, id: string) {
  const others = schema.collections.filter((other) => other.type === "auth" && other.id !== collection.id);
  const lookups = others.map((other) => sql`SELECT 1 FROM ${sql.id(other.name)} WHERE id = ${id}`);
  if (lookups.length === 0 || !(await tx.first(sql`${sql.join(lookups, " UNION ALL ")} LIMIT 1`))) return;
  throwIfInvalid({ id: invalid("validation_invalid_auth_id", "Invalid or duplicated auth record id.") });
}
