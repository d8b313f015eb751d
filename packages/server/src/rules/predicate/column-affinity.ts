import { type Field, type FieldType, isMultiple } from "../../collections/fields/field.ts";

/**
 * What SQLite makes of a column's value in a comparison. `none`: nothing, for json and lists must stay the text that
 * they are.
 */
export function affinityOf(field: Field): "text" | "numeric" | "none" {
  if (UNTYPED.has(field.type) || isMultiple(field)) return "none";
  return NUMERIC.has(field.type) ? "numeric" : "text";
}

const NUMERIC: ReadonlySet<FieldType> = new Set(["number", "bool"]);
const UNTYPED: ReadonlySet<FieldType> = new Set(["json", "geoPoint"]);
