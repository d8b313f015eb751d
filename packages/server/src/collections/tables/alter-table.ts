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
 * Alters a collection's table after a change. Fields are matched by id: columns are dropped, added and renamed, and
 * recreated where a field changes between one value and a list.
 *
 * @returns the problems of the indexes, by their position
 * @throws StoreError if the engine refuses a change of the table
 */
export async function alterTable(
  tx: Transaction,
  before: Collection,
  after: Collection,
): Promise<ErrorData | undefined> {
  const rebuildsIndexes = indexesChange(before, after);
  if (rebuildsIndexes) await dropIndexes(tx, before);
  if (before.name.toLowerCase() !== after.name.toLowerCase())
    await tx.run(verbatim(`ALTER TABLE ${quote(before.name)} RENAME TO ${quote(after.name)}`));
  await alterColumns(tx, before, after);
  for (const field of after.fields) {
    const old = before.fields.find(({ id }) => id === field.id);
    if ((old !== undefined && isMultiple(old)) !== isMultiple(field)) await recreateColumn(tx, after.name, field);
  }
  return rebuildsIndexes ? createIndexes(tx, after) : undefined;
}

function indexesChange(before: Collection, after: Collection): boolean {
  return before.name.toLowerCase() !== after.name.toLowerCase() || shapeOf(before) !== shapeOf(after);
}

const shapeOf = ({ fields, indexes }: Collection): string => JSON.stringify([fields.map(fieldToJson), indexes]);

/** Uses temporary names, so that two columns can swap names. */
async function alterColumns(tx: Transaction, before: Collection, after: Collection): Promise<void> {
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

/** Replaces a column and converts its values. Views that use it would block this, so they are dropped and restored. */
async function recreateColumn(tx: Transaction, tableName: string, field: Field): Promise<void> {
  const table = quote(tableName);
  const column = quote(field.name);
  const old = quote(`_${field.name}${randomText(5)}`);
  const views = await dropAllViews(tx);
  await tx.run(verbatim(`ALTER TABLE ${table} RENAME COLUMN ${column} TO ${old}`));
  await tx.run(verbatim(`ALTER TABLE ${table} ADD ${column} ${kindOf(field).column(field)}`));
  await tx.run(verbatim(`UPDATE ${table} SET ${column} = ${isMultiple(field) ? asList(old) : asLastItem(old)}`));
  await tx.run(verbatim(`ALTER TABLE ${table} DROP COLUMN ${old}`));
  await restoreViews(tx, views);
}

const isList = (column: string): string => `json_valid(${column}) AND json_type(${column}) = 'array'`;

/** Converts one value to a list: an empty value becomes [], a list stays as it is. */
const asList = (column: string): string =>
  `CASE WHEN COALESCE(${column}, '') = '' THEN '[]' WHEN ${isList(column)} THEN ${column} ELSE json_array(${column}) END`;

/** Converts a list to its last value. */
const asLastItem = (column: string): string =>
  `CASE WHEN COALESCE(${column}, '[]') = '[]' THEN '' ` +
  `WHEN ${isList(column)} THEN COALESCE(json_extract(${column}, '$[#-1]'), '') ELSE ${column} END`;
