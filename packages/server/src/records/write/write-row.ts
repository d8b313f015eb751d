import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Field } from "../../collections/fields/field.ts";
import { searchedFields } from "../../collections/model/search-index.ts";
import { isTokenKey, loggedValues } from "../../collections/model/logged-values.ts";
import { noteAccountStart } from "../../log/accounts.ts";
import { appendEntry } from "../../log/append-change.ts";
import type { Cascade, LoggedValues } from "../../log/log-entry.ts";
import { type Query, sql, type Sql, type SqlValue, toQuery } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import { columnsOf } from "../model/columns.ts";
import { toUniqueError } from "../model/invalid-record.ts";
import { indexRecord, unindexRecord } from "../search/write-index.ts";

/**
 * Only this file writes rows of records. Each write adds its change to the log in the same transaction.
 *
 * @throws InvalidRecord for a value that must be unique and isn't
 */
export async function insertRow(tx: Transaction, collection: Collection, after: RecordValues): Promise<void> {
  const values = columnsOf(collection).map(({ name, write }) => write(after[name] ?? null));
  await run(tx, collection, { text: insertText(collection), values });
  if (collection.search) await indexRecord(tx, collection, after.id);
  const key = { collection: collection.id, record: after.id };
  await appendEntry(tx, { ...key, action: "create", form: "changed", before: null, after: null });
  if (collection.type === "auth") await noteAccountStart(tx, key);
}

/** Writes the columns that differ. An update without differences is logged as well. */
export async function updateRow(
  tx: Transaction,
  collection: Collection,
  before: RecordValues,
  after: RecordValues,
): Promise<void> {
  const changed: Field[] = [];
  const written: SqlValue[] = [];
  let size = 0;
  let changedSize = 0;
  for (const { field, name, write } of columnsOf(collection)) {
    const old = write(before[name] ?? null);
    const value = write(after[name] ?? null);
    const oldSize = sizeOf(old);
    size += oldSize;
    if (value === old) continue;
    changedSize += oldSize;
    changed.push(field);
    written.push(value);
  }
  if (changed.length > 0) {
    await run(tx, collection, { text: updateText(collection, changed), values: [...written, before.id] });
  }
  if (collection.search && searchedFields(collection).some(({ field }) => changed.includes(field))) {
    await indexRecord(tx, collection, before.id);
  }
  const isWhole = isTimeForWhole(changedSize, size);
  await appendEntry(tx, {
    collection: collection.id,
    record: before.id,
    action: "update",
    form: isWhole ? "whole" : "changed",
    before: isWhole ? wholeValues(collection, before, changed) : loggedValues(collection, before, changed),
    after: null,
  });
}

export async function deleteRow(tx: Transaction, collection: Collection, before: RecordValues): Promise<void> {
  await removeRow(tx, collection, before);
  await logDelete(tx, collection, before, undefined);
}

/** Deletes the row alone: `logDelete` logs its change after the changes that follow from it. */
export async function removeRow(tx: Transaction, collection: Collection, { id }: RecordValues): Promise<number> {
  if (collection.search) await unindexRecord(tx, collection, id);
  return tx.run(sql`DELETE FROM ${sql.id(collection.name)} WHERE id = ${id}`);
}

/** The values stay in the log until everyone who follows it has read them. */
export const logDelete = (
  tx: Transaction,
  collection: Collection,
  before: RecordValues,
  cascade: Cascade | undefined,
): Promise<void> =>
  appendEntry(tx, {
    collection: collection.id,
    record: before.id,
    action: "delete",
    form: "whole",
    before: loggedValues(collection, before),
    after: null,
    cascade,
  });

/** A whole record names its token key only if the change altered it. */
function wholeValues(collection: Collection, before: RecordValues, changed: readonly Field[]): LoggedValues {
  const fields = collection.fields.filter((field) => !isTokenKey(field, collection) || changed.includes(field));
  return loggedValues(collection, before, fields);
}

/** The most updates of one record, on average, that reading an older state of it undoes. */
const UPDATES_PER_WHOLE = 500;

/**
 * Is this an update whose entry holds the whole record? One in so many that they take no more space than the others:
 * without them, reading an older state of a record would undo all later updates.
 */
const isTimeForWhole = (changedSize: number, size: number): boolean =>
  Math.random() * size < Math.max(changedSize, size / UPDATES_PER_WHOLE);

/** Bytes of a stored value, about. */
const sizeOf = (value: SqlValue): number => (typeof value === "string" ? value.length : 8);

/** @throws InvalidRecord for a duplicate in a unique index or the primary key */
async function run(tx: Transaction, collection: Collection, statement: Sql | Query): Promise<void> {
  try {
    await tx.run(statement);
  } catch (error) {
    throw toUniqueError(error, collection);
  }
}

const updateTexts = new WeakMap<Collection, Map<string, string>>();
/** A collection has as many texts as combinations of fields that are updated together. */
const MAX_UPDATE_TEXTS = 100;

function updateText(collection: Collection, changed: readonly Field[]): string {
  let texts = updateTexts.get(collection);
  if (!texts) updateTexts.set(collection, (texts = new Map<string, string>()));
  const key = changed.map(({ name }) => name).join();
  let text = texts.get(key);
  if (text === undefined) {
    const assignments = changed.map(({ name }) => sql`${sql.id(name)} = ${null}`);
    text = toQuery(sql`UPDATE ${sql.id(collection.name)} SET ${sql.join(assignments)} WHERE id = ${null}`).text;
    if (texts.size < MAX_UPDATE_TEXTS) texts.set(key, text);
  }
  return text;
}

const insertTexts = new WeakMap<Collection, string>();

/** Building the statement takes longer than running it, and it is the same for all records of a collection. */
function insertText(collection: Collection): string {
  let text = insertTexts.get(collection);
  if (text === undefined) {
    const names = collection.fields.map(({ name }) => sql.id(name));
    const places = collection.fields.map(() => sql`${null}`);
    const statement = sql`INSERT INTO ${sql.id(collection.name)} (${sql.join(names)}) VALUES (${sql.join(places)})`;
    insertTexts.set(collection, (text = toQuery(statement).text));
  }
  return text;
}
