import { type FieldValue, type JsonValue, recordId, type RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Field } from "../../collections/fields/field.ts";
import { kindOf } from "../../collections/fields/field-kinds.ts";
import { isPassword, isTokenKey } from "../../collections/model/logged-values.ts";
import { toText } from "../../lib/text/coerce.ts";
import type { LogEntry } from "../../log/log-entry.ts";
import type { Row } from "../../store/sql.ts";
import { type Column, columnsOf } from "../model/columns.ts";

/** A collection's columns as the log needs them: without passwords, and by field id. */
interface Layout {
  readonly columns: readonly Column[];
  readonly byId: ReadonlyMap<string, Column>;
  /** The id of the field with the token key; `undefined` if the collection has none. */
  readonly tokenKeyId: string | undefined;
}

const layouts = new WeakMap<Collection, Layout>();

function layoutOf(collection: Collection): Layout {
  let layout = layouts.get(collection);
  if (!layout) {
    const columns = columnsOf(collection).filter(({ field }) => !isPassword(field));
    layout = {
      columns,
      byId: new Map(columns.map((column) => [column.field.id, column])),
      tokenKeyId: columns.find(({ field }) => isTokenKey(field, collection))?.field.id,
    };
    layouts.set(collection, layout);
  }
  return layout;
}

/** The stored record, without passwords. */
export function imageOfRow(collection: Collection, row: Row): RecordValues {
  const values: Record<string, FieldValue> = {};
  for (const { name, read } of layoutOf(collection).columns) values[name] = read(row[name] ?? null);
  return { ...values, id: recordId(toText(values["id"])) };
}

/** Does the row have the columns that the collection's fields say? */
export const hasColumnsOf = (collection: Collection, row: Row): boolean =>
  layoutOf(collection).columns.every(({ name }) => Object.hasOwn(row, name));

/** The record before an update, from what it was after it. */
export function undo(collection: Collection, after: RecordValues, entry: LogEntry): RecordValues {
  const { byId, tokenKeyId } = layoutOf(collection);
  const values: Record<string, FieldValue> = entry.form === "whole" ? zeros(collection, after.id) : { ...after };
  for (const [id, value] of Object.entries(entry.before ?? {})) {
    const column = byId.get(id);
    if (column) values[column.name] = id === tokenKeyId ? unknownKey(entry.seq) : valueOf(column.field, value);
  }
  // A whole record names its token key only if the update changed it.
  if (tokenKeyId !== undefined && !Object.hasOwn(entry.before ?? {}, tokenKeyId)) {
    const { name } = byId.get(tokenKeyId)!;
    values[name] = after[name] ?? "";
  }
  return { ...values, id: after.id };
}

/** The record before an entry that holds all of it, whatever it was afterwards. */
export const wholeImage = (collection: Collection, entry: LogEntry): RecordValues =>
  undo(collection, { id: entry.record }, entry);

/** What is left of a deleted record in the entry of its delete. @param kept ids of the fields that are to be left */
export const remains = (collection: Collection, entry: LogEntry, kept: ReadonlySet<string>): RecordValues =>
  withRest(collection, { id: entry.record }, entry, kept);

/** What is left of a deleted record before an update, from what is left of it after that. */
export function withRest(
  collection: Collection,
  after: RecordValues,
  entry: LogEntry,
  kept: ReadonlySet<string>,
): RecordValues {
  const { byId } = layoutOf(collection);
  const values: Record<string, FieldValue> = { ...after };
  for (const [id, value] of Object.entries(entry.before ?? {})) {
    const column = byId.get(id);
    if (column && (entry.form === "rest" || kept.has(id))) values[column.name] = valueOf(column.field, value);
  }
  return { ...values, id: entry.record };
}

function zeros(collection: Collection, id: string): Record<string, FieldValue> {
  const entries = layoutOf(collection).columns.map(({ field, name }) => [name, kindOf(field).zero(field)] as const);
  return { ...Object.fromEntries(entries), id };
}

/** Stands for a token key that is not kept. Two of them are never equal. */
const unknownKey = (seq: number): string => `changed at ${seq}`;

/** Brings a logged value to the field's present form. Any JSON is a value of a json field, and never text to parse. */
const valueOf = (field: Field, value: JsonValue): FieldValue =>
  field.type === "json" ? value : kindOf(field).normalise(field, value);

/** How the fields of one version of a collection map to those of another. */
type Mapping = readonly { readonly name: string; readonly from: string | undefined; readonly field: Field }[];

const mappings = new WeakMap<Collection, WeakMap<Collection, Mapping | "same">>();

function mappingOf(from: Collection, to: Collection): Mapping | "same" {
  let known = mappings.get(from);
  if (!known) mappings.set(from, (known = new WeakMap()));
  let mapping = known.get(to);
  if (!mapping) {
    const { byId } = layoutOf(from);
    mapping = Bun.deepEquals(from.fields, to.fields)
      ? "same"
      : layoutOf(to).columns.map(({ name, field }) => ({ name, field, from: byId.get(field.id)?.name }));
    known.set(to, mapping);
  }
  return mapping;
}

/**
 * Brings values of one version of a collection to the fields of another: renamed fields keep their values, new ones get
 * their zero value, and removed ones go.
 *
 * @param isPartial the values are those that are left of a deleted record
 */
export function reshape(from: Collection, to: Collection, values: RecordValues, isPartial = false): RecordValues {
  if (from === to) return values;
  const mapping = mappingOf(from, to);
  if (mapping === "same") return values;
  const shaped: Record<string, FieldValue> = {};
  for (const { name, from: old, field } of mapping) {
    const value = old === undefined ? undefined : values[old];
    if (value !== undefined) shaped[name] = valueOf(field, value);
    else if (!isPartial) shaped[name] = kindOf(field).zero(field);
  }
  return { ...shaped, id: values.id };
}
