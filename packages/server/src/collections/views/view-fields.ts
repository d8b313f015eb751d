import { randomText } from "../../lib/random.ts";
import { normaliseFields } from "../model/normalise-fields.ts";
import type { Collection, ViewCollection } from "../model/collection.ts";
import type { Field } from "../fields/field.ts";
import { parseField } from "../fields/field-kinds.ts";
import { DEFAULT_ID_PATTERN } from "../fields/text.ts";
import type { Schema } from "../model/schema.ts";
import { type Identifier, parseViewQuery, ViewQueryError } from "./parse-view-query.ts";

/**
 * Infers the fields of a view from its query. A column of a collection becomes a copy of its field.
 *
 * @param names the query's columns as the engine reports them, in order
 * @throws ViewQueryError
 */
export function viewFields(query: string, names: readonly string[], schema: Schema): readonly Field[] {
  const suggested = suggestFields(query, schema);
  return normaliseFields(names.map((name) => suggested.get(name) ?? plainField(name)));
}

function suggestFields(query: string, schema: Schema): ReadonlyMap<string, Field> {
  const { columns, tables } = parseViewQuery(query);
  const findOrigin = originFinder(tables, schema);
  return new Map(columns.map((column) => [column.alias, suggestField(column, findOrigin)]));
}

/** The collection and field that a view's column comes from. */
export interface Origin {
  readonly collection: Collection;
  readonly field: Field;
}

/**
 * Finds the field of a base or auth collection that a view's column comes from, through nested views.
 *
 * @returns `undefined` for a computed column
 */
export function viewOrigin(view: ViewCollection, name: string, schema: Schema, depth = 0): Origin | undefined {
  const { columns, tables } = parseViewQuery(view.viewQuery);
  const column = columns.find(({ alias }) => alias === name);
  const origin = column && originFinder(tables, schema)(column.original);
  if (origin?.collection.type !== "view") return origin;
  return depth < MAX_NESTED_VIEWS ? viewOrigin(origin.collection, origin.field.name, schema, depth + 1) : undefined;
}

const MAX_NESTED_VIEWS = 5;

/** Makes a function that finds the field that a column's expression names, if any. */
function originFinder(tables: readonly Identifier[], schema: Schema): (expression: string) => Origin | undefined {
  const sources = new Map<string, Collection>();
  for (const table of tables) {
    const collection = schema.collections.find(({ name }) => name === table.original);
    if (collection) sources.set(table.alias, collection);
  }
  const main = sources.get(tables[0]?.alias ?? "");
  return (expression) => {
    const parts = expression.split(".");
    const collection = parts.length === 2 ? sources.get(parts[0]!) : main;
    const name = (parts.length === 2 ? parts[1]! : parts[0]!).toLowerCase();
    const field = collection?.fields.find((other) => other.name.toLowerCase() === name);
    return collection && field && { collection, field };
  };
}

const WILDCARD =
  "wildcard columns (*) are not supported - manually type the collection field names you want the view query to have";

function suggestField({ original, alias }: Identifier, findOrigin: (expression: string) => Origin | undefined): Field {
  if (alias === "*") throw new ViewQueryError(WILDCARD);
  if (alias === "id") return plainField("id");
  const computed = computedField(original.toLowerCase(), alias);
  if (computed) return computed;

  const origin = findOrigin(original);
  if (!origin) return plainField(alias);
  const { collection, field } = origin;
  if (field.name === "id")
    return parseField({ name: alias, type: "relation", maxSelect: 1, collectionId: collection.id });
  // A view may have the same field twice under two names, so each copy gets a new id.
  return { ...field, id: `_clone_${randomText(4)}`, name: alias };
}

const CAST = /^cast\s*\([\s\S]*\sas\s+(\w+)\s*\)$/;

const CAST_FIELDS: Readonly<Record<string, object>> = {
  real: { type: "number" },
  decimal: { type: "number" },
  numeric: { type: "number" },
  int: { type: "number", onlyInt: true },
  integer: { type: "number", onlyInt: true },
  text: { type: "text" },
  boolean: { type: "bool" },
  bool: { type: "bool" },
};

function computedField(expression: string, name: string): Field | undefined {
  if (expression.startsWith("count(")) return parseField({ name, type: "number", onlyInt: true });
  if (expression.startsWith("total(")) return parseField({ name, type: "number" });
  const options = CAST_FIELDS[CAST.exec(expression)?.[1] ?? ""];
  return options && parseField({ name, ...options });
}

/** The default field of a column: text for the id, json for the rest. */
const plainField = (name: string): Field =>
  name === "id"
    ? parseField({ name, type: "text", system: true, required: true, primaryKey: true, pattern: DEFAULT_ID_PATTERN })
    : parseField({ name, type: "json", maxSize: 1 });
