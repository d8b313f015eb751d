import { type Field, type FieldType, isMultiple } from "../../collections/fields/field.ts";

/**
 * The affinity that SQLite applies to a column in a comparison (https://sqlite.org/datatype3.html). `none` for json and
 * lists, which stay text.
 */
export function affinityOf(field: Field): "text" | "numeric" | "none" {
  if (UNTYPED.has(field.type) || isMultiple(field)) return "none";
  return NUMERIC.has(field.type) ? "numeric" : "text";
}

const NUMERIC: ReadonlySet<FieldType> = new Set(["number", "bool"]);
const UNTYPED: ReadonlySet<FieldType> = new Set(["json", "geoPoint"]);
