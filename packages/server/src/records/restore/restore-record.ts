import type { FieldValue, RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { isTokenKey } from "../../collections/model/logged-values.ts";
import { invalid, notFound } from "../../lib/api-error.ts";
import { randomText } from "../../lib/random.ts";
import { toTexts } from "../../lib/text/coerce.ts";
import { sql } from "../../store/sql.ts";
import type { Reader, Transaction } from "../../store/store.ts";
import { runWithinHooks } from "../hooks/run-hooks.ts";
import { addHistory } from "../kept/history.ts";
import { findTrashed, leaveTrash } from "../kept/trash.ts";
import { throwIfInvalid, withErrorMessage } from "../model/invalid-record.ts";
import type { RecordContext, WriteContext } from "../model/record-context.ts";
import { anyOf, findRecord } from "../query/find-record.ts";
import { insertRow } from "../write/write-row.ts";
import { selectTrashed, softDeleteOf } from "./list-trash.ts";

const FAILED = "Failed to restore record.";
const TOKEN_KEY_LENGTH = 50;

/**
 * Brings a deleted record back as it was, and with it the records that its delete led to and that their collections kept.
 * References that the delete took out of other records stay out.
 *
 * @returns the record as it was written
 * @throws ApiError 403 if only superusers may restore, 404 for a record that isn't in the trash or doesn't meet the rule,
 *   400 with errors by field if another record has its id or its unique values, or what it must refer to is gone
 */
export async function restoreRecord(
  tx: Transaction,
  context: RecordContext,
  collection: Collection,
  id: string,
): Promise<RecordValues> {
  const values = await selectTrashed(tx, context, collection, softDeleteOf(collection).restoreRule, id);
  if (!values) throw notFound();
  return withErrorMessage(FAILED, () => restore(tx, context, collection, values));
}

async function restore(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  values: RecordValues,
): Promise<RecordValues> {
  if (await findRecord(tx, collection, values.id)) throwIfInvalid({ id: TAKEN });
  const after = withNewTokenKey(collection, await withoutMissing(tx, context, collection, values));
  await insertRow(tx, collection, after);
  await addHistory(tx, context, collection, "restore", undefined, after);
  await leaveTrash(tx, collection.id, after.id);
  await runWithinHooks(tx, context, collection, undefined, after);
  await restoreFollowers(tx, context, collection, after);
  return after;
}

const TAKEN = invalid("validation_not_unique", "Another record has this id now.");

/** The records that were deleted because of this one. */
async function restoreFollowers(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  { id }: RecordValues,
): Promise<void> {
  const rows = await tx.all(
    sql`SELECT collection, record FROM _headwater_trash
      WHERE cause_collection = ${collection.id} AND cause_record = ${id} ORDER BY rowid`,
  );
  for (const row of rows) {
    const other = context.schema.find(String(row["collection"]));
    const values = other && (await findTrashed(tx, other, String(row["record"])));
    if (values) await restore(tx, context, other, values);
  }
}

/** Ids of records that are gone meanwhile are left out. @throws InvalidRecord if a required relation becomes empty */
async function withoutMissing(
  reader: Reader,
  { schema }: WriteContext,
  collection: Collection,
  values: RecordValues,
): Promise<RecordValues> {
  const changed: Record<string, FieldValue> = {};
  for (const field of collection.fields) {
    if (field.type !== "relation") continue;
    const ids = toTexts(values[field.name]);
    const related = schema.find(field.collectionId);
    if (ids.length === 0 || !related) continue;
    const rows = await reader.all(sql`SELECT id FROM ${sql.id(related.name)} WHERE id IN ${anyOf(ids)}`);
    const stored = new Set([...rows.map((row) => row["id"]), ...(related === collection ? [values.id] : [])]);
    const left = ids.filter((id) => stored.has(id));
    if (left.length === 0 && field.required) throwIfInvalid({ [field.name]: GONE });
    if (left.length < ids.length) changed[field.name] = kindOf(field).normalise(field, left);
  }
  return { ...values, ...changed, id: values.id };
}

const GONE = invalid("validation_missing_rel_records", "The record that it refers to is gone. Restore that one first.");

/** Tokens that were issued before the delete stay invalid. */
function withNewTokenKey(collection: Collection, values: RecordValues): RecordValues {
  const field = collection.fields.find((each) => isTokenKey(each, collection));
  return field ? { ...values, [field.name]: randomText(TOKEN_KEY_LENGTH), id: values.id } : values;
}
