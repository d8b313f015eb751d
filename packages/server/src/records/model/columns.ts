import { type FieldValue, recordId, type RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Field } from "../../collections/fields/field.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { toText } from "../../lib/text/coerce.ts";
import type { Row, SqlValue } from "../../store/sql.ts";

/** A field with its conversions, so that a page of rows looks up each field kind once. */
export interface Column {
  readonly field: Field;
  readonly name: string;
  readonly read: (stored: SqlValue) => FieldValue;
  readonly write: (value: FieldValue) => SqlValue;
}

const known = new WeakMap<Collection, readonly Column[]>();

export function columnsOf(collection: Collection): readonly Column[] {
  let columns = known.get(collection);
  if (!columns) known.set(collection, (columns = collection.fields.map(toColumn)));
  return columns;
}

function toColumn(field: Field): Column {
  const kind = kindOf(field);
  return {
    field,
    name: field.name,
    read: (stored) => kind.fromColumn(field, stored),
    write: (value) => kind.toColumn(field, value),
  };
}

/** Converts a row of the collection's table to normalized field values. */
export function readRow(collection: Collection, row: Row): RecordValues {
  const values: Record<string, FieldValue> = {};
  for (const { name, read } of columnsOf(collection)) values[name] = read(row[name] ?? null);
  values["id"] = recordId(toText(values["id"]));
  return values as RecordValues;
}

/** The values of a new record before any is set; its id is "". */
export function blankRecord(collection: Collection): RecordValues {
  const zeros = collection.fields.map((field) => [field.name, kindOf(field).zero(field)] as const);
  return { ...Object.fromEntries(zeros), id: recordId("") };
}
