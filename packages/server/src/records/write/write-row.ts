import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { appendChange } from "../../log/append-change.ts";
import { type Query, sql, type Sql, toQuery } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import { columnsOf } from "../model/columns.ts";
import { toUniqueError } from "../model/invalid-record.ts";

/**
 * Only this file writes rows of records. Each write adds its change to the log in the same transaction.
 *
 * @throws InvalidRecord for a value that must be unique and isn't
 */
export async function insertRow(tx: Transaction, collection: Collection, after: RecordValues): Promise<void> {
  const values = columnsOf(collection).map(({ name, write }) => write(after[name] ?? null));
  await run(tx, collection, { text: insertText(collection), values });
  const { id } = after;
  await appendChange(
    tx,
    { collection: collection.id, record: id, action: "create", before: null, after },
    secretsOf(collection),
  );
}

/** Writes the columns that differ. An update without differences is logged as well. */
export async function updateRow(
  tx: Transaction,
  collection: Collection,
  before: RecordValues,
  after: RecordValues,
): Promise<void> {
  const changed = columnsOf(collection).flatMap(({ name, write }): Sql[] => {
    const value = write(after[name] ?? null);
    return value === write(before[name] ?? null) ? [] : [sql`${sql.id(name)} = ${value}`];
  });
  if (changed.length > 0) {
    await run(
      tx,
      collection,
      sql`UPDATE ${sql.table(collection.name)} SET ${sql.join(changed)} WHERE id = ${before.id}`,
    );
  }
  await appendChange(
    tx,
    { collection: collection.id, record: before.id, action: "update", before, after },
    secretsOf(collection),
  );
}

export async function deleteRow(tx: Transaction, collection: Collection, before: RecordValues): Promise<void> {
  await tx.run(sql`DELETE FROM ${sql.table(collection.name)} WHERE id = ${before.id}`);
  await appendChange(
    tx,
    { collection: collection.id, record: before.id, action: "delete", before, after: null },
    secretsOf(collection),
  );
}

/** @throws InvalidRecord for a duplicate in a unique index or the primary key */
async function run(tx: Transaction, collection: Collection, statement: Sql | Query): Promise<void> {
  try {
    await tx.run(statement);
  } catch (error) {
    throw toUniqueError(error, collection);
  }
}

const insertTexts = new WeakMap<Collection, string>();

/** Building the statement takes longer than running it, and it is the same for all records of a collection. */
function insertText(collection: Collection): string {
  let text = insertTexts.get(collection);
  if (text === undefined) {
    const names = collection.fields.map(({ name }) => sql.id(name));
    const places = collection.fields.map(() => sql`${null}`);
    const statement = sql`INSERT INTO ${sql.table(collection.name)} (${sql.join(names)}) VALUES (${sql.join(places)})`;
    insertTexts.set(collection, (text = toQuery(statement).text));
  }
  return text;
}

const secrets = new WeakMap<Collection, ReadonlySet<string>>();

/** The fields that the log must not keep: password hashes. */
function secretsOf(collection: Collection): ReadonlySet<string> {
  let names = secrets.get(collection);
  if (!names) {
    names = new Set(collection.fields.filter(({ type }) => type === "password").map(({ name }) => name));
    secrets.set(collection, names);
  }
  return names;
}
