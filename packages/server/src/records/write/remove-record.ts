import type { RecordValues } from "@headwater/protocol";
import { type Collection, SUPERUSERS } from "../../collections/model/collection.ts";
import { isMultiple, type RelationField } from "../../collections/fields/field.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { badRequest } from "../../lib/api-error.ts";
import { toTexts } from "../../lib/coerce.ts";
import { sql } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import { autodates } from "./autodates.ts";
import { findRecords, itemsOf } from "../query/find-record.ts";
import { InvalidRecord } from "../model/invalid-record.ts";
import type { WriteContext } from "../model/record-context.ts";
import { removeAllFiles } from "../model/record-files.ts";
import { runWithinHooks } from "../hooks/run-hooks.ts";
import { DEPENDENTS } from "./validate-reference.ts";
import { deleteRow, updateRow } from "./write-row.ts";

/**
 * Deletes a record, regardless of rules, and everything that depends on it: records that refer to it by a cascading
 * relation, and the sign-in data of an auth record. Its id is removed from all other relations. Each of these writes is a
 * change in the log.
 *
 * @throws ApiError 400 for the last superuser
 * @throws InvalidRecord if a required relation would become empty
 */
export async function removeRecord(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  record: RecordValues,
): Promise<void> {
  if (collection.name === SUPERUSERS) await assertNotLast(tx, collection);
  // The record is deleted first: otherwise two records that refer to each other would recurse forever.
  await deleteRow(tx, collection, record);
  await runWithinHooks(tx, context, collection, record, undefined);
  removeAllFiles(tx, context, collection, record);
  for (const reference of referencesTo(context, collection)) {
    await removeReferences(tx, context, reference, record.id);
  }
  if (collection.type === "auth") await removeDependents(tx, context, collection, record, DEPENDENTS);
}

/**
 * Deletes the records of these system collections that belong to an auth record.
 *
 * @returns how many there were
 */
export async function removeDependents(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  { id }: RecordValues,
  names: readonly string[],
): Promise<number> {
  const own = sql`${sql.ref("collectionRef")} = ${collection.id} AND ${sql.ref("recordRef")} = ${id}`;
  let removed = 0;
  for (const name of names) {
    const dependents = context.schema.find(name);
    const records = dependents ? await findRecords(tx, dependents, own) : [];
    for (const record of records) await removeRecord(tx, context, dependents!, record);
    removed += records.length;
  }
  return removed;
}

async function assertNotLast(tx: Transaction, collection: Collection): Promise<void> {
  const row = await tx.first(sql`SELECT count(*) AS total FROM ${sql.table(collection.name)}`);
  if (Number(row?.["total"]) === 1) throw badRequest("You can't delete the only existing superuser.");
}

interface Reference {
  readonly from: Collection;
  readonly field: RelationField;
}

/** Sorted by collection name, so that the order of the changes never varies. Views hold no references themselves. */
function referencesTo({ schema }: WriteContext, { id }: Collection): Reference[] {
  return schema.collections
    .filter(({ type }) => type !== "view")
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((from) =>
      from.fields.flatMap((field) => (field.type === "relation" && field.collectionId === id ? [{ from, field }] : [])),
    );
}

async function removeReferences(
  tx: Transaction,
  context: WriteContext,
  reference: Reference,
  id: string,
): Promise<void> {
  const { from, field } = reference;
  const column = sql.ref(field.name);
  const refers = isMultiple(field)
    ? sql`EXISTS (SELECT 1 FROM ${itemsOf(column)} AS item WHERE item.value = ${id})`
    : sql`${column} = ${id}`;
  for (const record of await findRecords(tx, from, refers)) {
    // A cascade of this deletion may have removed the reference already.
    const [current] = await findRecords(tx, from, sql`id = ${record.id} AND ${refers}`);
    if (current) await removeReference(tx, context, reference, current, id);
  }
}

async function removeReference(
  tx: Transaction,
  context: WriteContext,
  { from, field }: Reference,
  record: RecordValues,
  id: string,
): Promise<void> {
  const rest = toTexts(record[field.name]).filter((other) => other !== id);
  if (rest.length === 0 && field.cascadeDelete) return removeRecord(tx, context, from, record);
  if (rest.length === 0 && field.required) throw new InvalidRecord({});
  const after = {
    ...record,
    [field.name]: kindOf(field).normalise(field, rest),
    ...autodates(from, "onUpdate", context.now),
  };
  await updateRow(tx, from, record, after);
  await runWithinHooks(tx, context, from, record, after);
}
