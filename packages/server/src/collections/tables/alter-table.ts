import type { ErrorData } from "@headwater/protocol";
import { randomText } from "../../lib/random.ts";
import { verbatim } from "../../store/sql.ts";
import type { Transaction } from "../../store/store.ts";
import type { Collection } from "../model/collection.ts";
import { quote } from "./create-table.ts";
import { type Field, isMultiple } from "../fields/field.ts";
import { fieldToJson, kindOf } from "../fields/field-kinds.ts";
import { createIndexes, dropIndexes } from "./indexes.ts";
import { dropAllViews, restoreViews } from "./drop-views.ts";

/**
 * Makes a collection's table follow a change. Fields are matched by id: columns are dropped, added and renamed, and
 * made anew where one value becomes many or many one.
 *
 * @returns what the engine refused of the indexes, by their place
 * @throws StoreError when the engine refuses a change of the table
 */
export async function syncTable(
  tx: Transaction,
  before: Collection,
  after: Collection,
): Promise<ErrorData | undefined> {
  const indexesStale = needsIndexes(before, after);
  if (indexesStale) await dropIndexes(tx, before);
  if (before.name.toLowerCase() !== after.name.toLowerCase())
    await tx.run(verbatim(`ALTER TABLE ${quote(before.name)} RENAME TO ${quote(after.name)}`));
  await syncColumns(tx, before, after);
  for (const field of after.fields) {
    const old = before.fields.find(({ id }) => id === field.id);
    if ((old !== undefined && isMultiple(old)) !== isMultiple(field)) await remakeColumn(tx, after.name, field);
  }
  return indexesStale ? createIndexes(tx, after) : undefined;
}

function needsIndexes(before: Collection, after: Collection): boolean {
  return before.name.toLowerCase() !== after.name.toLowerCase() || shapeOf(before) !== shapeOf(after);
}

const shapeOf = ({ fields, indexes }: Collection): string => JSON.stringify([fields.map(fieldToJson), indexes]);

/** Goes by way of temporary names, so that two columns may swap theirs. */
async function syncColumns(tx: Transaction, before: Collection, after: Collection): Promise<void> {
  const alter = (change: string) => tx.run(verbatim(`ALTER TABLE ${quote(after.name)} ${change}`));
  for (const field of before.fields) {
    if (!after.fields.some(({ id }) => id === field.id)) await alter(`DROP COLUMN ${quote(field.name)}`);
  }
  const names: [temporary: string, name: string][] = [];
  for (const field of after.fields) {
    const old = before.fields.find(({ id }) => id === field.id);
    if (old?.name === field.name) continue;
    const temporary = field.name + randomText(5);
    names.push([temporary, field.name]);
    if (old) await alter(`RENAME COLUMN ${quote(old.name)} TO ${quote(temporary)}`);
    else await alter(`ADD ${quote(temporary)} ${kindOf(field).column(field)}`);
  }
  for (const [temporary, name] of names) await alter(`RENAME COLUMN ${quote(temporary)} TO ${quote(name)}`);
}

/** A new column in the place of the old one, with its values converted. Views would not let it go, so they step aside. */
async function remakeColumn(tx: Transaction, tableName: string, field: Field): Promise<void> {
  const table = quote(tableName);
  const column = quote(field.name);
  const old = quote(`_${field.name}${randomText(5)}`);
  const views = await dropAllViews(tx);
  await tx.run(verbatim(`ALTER TABLE ${table} RENAME COLUMN ${column} TO ${old}`));
  await tx.run(verbatim(`ALTER TABLE ${table} ADD ${column} ${kindOf(field).column(field)}`));
  await tx.run(verbatim(`UPDATE ${table} SET ${column} = ${isMultiple(field) ? listOf(old) : lastOf(old)}`));
  await tx.run(verbatim(`ALTER TABLE ${table} DROP COLUMN ${old}`));
  await restoreViews(tx, views);
}

const isList = (column: string): string => `json_valid(${column}) AND json_type(${column}) = 'array'`;

/** One value to a list: nothing to an empty one, a list as it is. */
const listOf = (column: string): string =>
  `CASE WHEN COALESCE(${column}, '') = '' THEN '[]' WHEN ${isList(column)} THEN ${column} ELSE json_array(${column}) END`;

/** A list to its last value. */
const lastOf = (column: string): string =>
  `CASE WHEN COALESCE(${column}, '[]') = '[]' THEN '' ` +
  `WHEN ${isList(column)} THEN COALESCE(json_extract(${column}, '$[#-1]'), '') ELSE ${column} END`;
