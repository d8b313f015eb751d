import type { Collection } from "../../collections/model/collection.ts";
import { searchedFields, searchTable } from "../../collections/model/search-index.ts";
import { type Sql, sql } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";

/** Adds a stored record to the collection's search index, or replaces what the index has of it. */
export async function indexRecord(tx: Transaction, collection: Collection, id: string): Promise<void> {
  const { index, table, columns, values } = namesOf(collection);
  await tx.run(
    sql`INSERT OR REPLACE INTO ${index} (rowid, ${columns}) SELECT _rowid_, ${values} FROM ${table} WHERE id = ${id}`,
  );
}

/** Call it before the record's row is deleted. */
export async function unindexRecord(tx: Transaction, collection: Collection, id: string): Promise<void> {
  const { index, table } = namesOf(collection);
  await tx.run(sql`DELETE FROM ${index} WHERE rowid = (SELECT _rowid_ FROM ${table} WHERE id = ${id})`);
}

interface Names {
  readonly index: Sql;
  /** What FTS5 keeps of each row, to compare it with the collection's. */
  readonly content: Sql;
  readonly table: Sql;
  readonly columns: Sql;
  readonly values: Sql;
  /** Whether a row of `content` differs from one of the table. */
  readonly differs: Sql;
}

const known = new WeakMap<Collection, Names>();

export function namesOf(collection: Collection): Names {
  let names = known.get(collection);
  if (!names) known.set(collection, (names = makeNames(collection)));
  return names;
}

function makeNames(collection: Collection): Names {
  const index = searchTable(collection);
  const content = `${index}_content`;
  const fields = searchedFields(collection);
  const valueOf = (name: string): Sql => sql`CAST(${sql.id(collection.name, name)} AS TEXT)`;
  const differences = fields.map(
    ({ field }, place) => sql`${sql.id(content, `c${place}`)} IS NOT ${valueOf(field.name)}`,
  );
  return {
    index: sql.id(index),
    content: sql.id(content),
    table: sql.id(collection.name),
    columns: sql.join(fields.map(({ column }) => sql.id(column))),
    values: sql.join(fields.map(({ field }) => valueOf(field.name))),
    differs: sql.join(differences, " OR "),
  };
}
