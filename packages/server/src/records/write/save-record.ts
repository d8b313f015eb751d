import type { RecordValues } from "@headwater/protocol";
import { type Collection, SUPERUSERS } from "../../collections/model/collection.ts";
import { invalid } from "../../lib/api-error.ts";
import { sql } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import { afterAuthUpdate, afterSuperuserInsert, beforeAuthUpdate } from "./auth-consequences.ts";
import { autodates } from "./autodates.ts";
import { type Draft, withGenerated } from "../model/draft.ts";
import { refuse } from "../model/invalid-record.ts";
import type { WriteContext } from "../model/record-context.ts";
import { removeOldFiles } from "../model/record-files.ts";
import { runWithin } from "../hooks/run-hooks.ts";
import { validateRecord } from "./validate-record.ts";
import { insertRow, updateRow } from "./write-row.ts";

/**
 * Adds a record, whoever asks: fills what is generated, checks it, sets its dates, writes it.
 * @returns the record as it was written
 * @throws InvalidRecord
 */
export async function insertRecord(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  draft: Draft,
): Promise<RecordValues> {
  const generated = withGenerated(collection, draft);
  refuse(await validateRecord(tx, context.schema, collection, undefined, generated));
  const after = { ...generated.values, ...autodates(collection, "onCreate", context.now), ...forced(collection) };
  if (collection.type === "auth") await assertSoleId(tx, context, collection, after.id);
  await insertRow(tx, collection, after);
  await runWithin(tx, context, collection, undefined, after);
  if (collection.name === SUPERUSERS) await afterSuperuserInsert(tx, context, collection, after);
  return after;
}

/**
 * Changes a record, whoever asks.
 * @param before the record as the transaction reads it
 * @returns the record as it was written
 * @throws InvalidRecord
 */
export async function saveRecord(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  before: RecordValues,
  draft: Draft,
): Promise<RecordValues> {
  refuse(await validateRecord(tx, context.schema, collection, before, draft));
  const dated = { ...draft.values, ...autodates(collection, "onUpdate", context.now), ...forced(collection) };
  const after =
    collection.type === "auth"
      ? await beforeAuthUpdate(tx, context, collection, before, { ...draft, values: dated })
      : dated;
  if (collection.type === "auth") await assertSoleId(tx, context, collection, after.id);
  await updateRow(tx, collection, before, after);
  await runWithin(tx, context, collection, before, after);
  if (collection.type === "auth") await afterAuthUpdate(tx, context, collection, before, after);
  removeOldFiles(tx, context, collection, before, after);
  return after;
}

/** A superuser is made by one who is trusted: there is nothing to verify. */
const forced = (collection: Collection): { readonly verified?: true } =>
  collection.name === SUPERUSERS ? { verified: true } : {};

/** An id that two auth collections share would make a rule that compares `@request.auth.id` hold for both. */
async function assertSoleId(tx: Transaction, { schema }: WriteContext, collection: Collection, id: string) {
  const others = schema.collections.filter((other) => other.type === "auth" && other.id !== collection.id);
  const lookups = others.map((other) => sql`SELECT 1 FROM ${sql.table(other.name)} WHERE id = ${id}`);
  if (lookups.length === 0 || !(await tx.first(sql`${sql.join(lookups, sql` UNION ALL `)} LIMIT 1`))) return;
  refuse({ id: invalid("validation_invalid_auth_id", "Invalid or duplicated auth record id.") });
}
