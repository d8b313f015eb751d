import type { RecordValues } from "@headwater/protocol";
import { type Collection, SUPERUSERS } from "../../collections/model/collection.ts";
import { isMultiple, type RelationField } from "../../collections/fields/field.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { badRequest } from "../../lib/api-error.ts";
import { toTexts } from "../../lib/text/coerce.ts";
import { readHead } from "../../log/change-log.ts";
import type { Cascade } from "../../log/log-entry.ts";
import { type Sql, sql } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import { autodates } from "./autodates.ts";
import { findRecords, itemsOf } from "../query/find-record.ts";
import { readRow } from "../model/columns.ts";
import { InvalidRecord } from "../model/invalid-record.ts";
import type { WriteContext } from "../model/record-context.ts";
import { removeAllFiles } from "../model/record-files.ts";
import { runWithinHooks } from "../hooks/run-hooks.ts";
import { addHistory } from "../kept/history.ts";
import { moveToTrash } from "../kept/trash.ts";
import { DEPENDENTS } from "./validate-reference.ts";
import { logDelete, removeRow, updateRow } from "./write-row.ts";

/**
 * Deletes a record, regardless of rules, and everything that depends on it: records that refer to it by a cascading
 * relation, and the sign-in data of an auth record. Its id is removed from all other relations. Each of these writes is a
 * change in the log; the record's own delete comes last, as PocketBase announces it.
 *
 * @param cascade why it is deleted, if it depended on another record
 * @throws ApiError 400 for the last superuser
 * @throws InvalidRecord if a required relation would become empty
 */
export async function removeRecord(
  tx: Transaction,
  context: WriteContext,
  collection: Collection,
  record: RecordValues,
  cascade?: Cascade,
): Promise<void> {
  if (collection.name === SUPERUSERS) await assertNotLast(tx, collection);
  // The row goes first: otherwise two records that refer to each other would recurse forever.
  await removeRow(tx, collection, record);
  if (collection.softDelete) await moveToTrash(tx, context, collection, record, cascade);
  const references = referencesTo(context, collection);
  if (references.length > 0 || collection.type === "auth") {
    const since = cascade?.since ?? (await readHead(tx));
    const cause: Cascade = { since, cause: { collection: collection.id, record: record.id } };
    for (const reference of references) await removeReferences(tx, context, reference, cause);
    if (collection.type === "auth") await removeDependents(tx, context, collection, record, DEPENDENTS, cause);
  }
  await logDelete(tx, collection, record, cascade);
  if (collection.history) await addHistory(tx, context, collection, "delete", record, undefined);
  await runWithinHooks(tx, context, collection, record, undefined);
  if (!collection.softDelete) removeAllFiles(tx, context, collection, record);
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
  cascade?: Cascade,
): Promise<number> {
  const own = sql`${sql.id("collectionRef")} = ${collection.id} AND ${sql.id("recordRef")} = ${id}`;
  let removed = 0;
  for (const name of names) {
    const dependents = context.schema.find(name);
    const records = dependents ? await findRecords(tx, dependents, own) : [];
    for (const record of records) await removeRecord(tx, context, dependents!, record, cascade);
    removed += records.length;
  }
  return removed;
}

async function assertNotLast(tx: Transaction, collection: Collection): Promise<void> {
  const row = await tx.first(sql`SELECT count(*) AS total FROM ${sql.id(collection.name)}`);
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

/** Rows that one statement looks at, and records that it returns: other requests run between two statements. */
const ROWS_PER_STEP = 10_000;
const RECORDS_PER_STEP = 64;
/** The most steps through a table, unless many records refer: its rows may be few and far between. */
const MAX_STEPS = 1_000;

async function removeReferences(
  tx: Transaction,
  context: WriteContext,
  reference: Reference,
  cascade: Cascade,
): Promise<void> {
  const { from, field } = reference;
  const id = cascade.cause.record;
  const column = sql.id(from.name, field.name);
  const refers = isMultiple(field)
    ? sql`EXISTS (SELECT 1 FROM ${itemsOf(column)} AS item WHERE item.value = ${id})`
    : sql`${column} = ${id}`;
  for await (const record of stepThrough(tx, from, refers)) {
    // A cascade of this deletion may have removed the reference already.
    const [current] = await findRecords(tx, from, sql`id = ${record.id} AND ${refers}`);
    if (current) await removeReference(tx, context, reference, current, cascade);
  }
}

/** The records that meet a condition, in the order of their rows; they may be deleted on the way. */
async function* stepThrough(tx: Transaction, collection: Collection, condition: Sql): AsyncGenerator<RecordValues> {
  const table = sql.id(collection.name);
  const rowid = sql.id(collection.name, "_rowid_");
  for (let done = 0; ;) {
    const newest = await tx.first(sql`SELECT max(_rowid_) AS last FROM ${table}`);
    const last = Number(newest?.["last"] ?? 0);
    if (done >= last) return;
    const upTo = done + Math.max(ROWS_PER_STEP, Math.ceil(last / MAX_STEPS));
    const rows = await tx.all(
      sql`SELECT *, ${rowid} AS "@row" FROM ${table}
        WHERE ${rowid} > ${done} AND ${rowid} <= ${upTo} AND ${condition} ORDER BY ${rowid} LIMIT ${RECORDS_PER_STEP}`,
    );
    for (const row of rows) yield readRow(collection, row);
    done = rows.length < RECORDS_PER_STEP ? upTo : Number(rows.at(-1)!["@row"]);
  }
}

async function removeReference(
  tx: Transaction,
  context: WriteContext,
  { from, field }: Reference,
  record: RecordValues,
  cascade: Cascade,
): Promise<void> {
  const rest = toTexts(record[field.name]).filter((other) => other !== cascade.cause.record);
  if (rest.length === 0 && field.cascadeDelete) return removeRecord(tx, context, from, record, cascade);
  if (rest.length === 0 && field.required) throw new InvalidRecord({});
  const after = {
    ...record,
    [field.name]: kindOf(field).normalise(field, rest),
    ...autodates(from, "onUpdate", context.now),
  };
  await updateRow(tx, from, record, after);
  if (from.history) await addHistory(tx, context, from, "update", record, after);
  await runWithinHooks(tx, context, from, record, after);
}
