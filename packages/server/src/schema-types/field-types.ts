import { type Field, isMultiple } from "../collections/fields/field.ts";

/** The TypeScript types of a field. */
export interface FieldTypes {
  /** The type of the value in a record; absent if it is never returned. */
  readonly read?: string;
  /** The type of the value in a body; absent if only the server sets it. */
  readonly write?: string;
  /** The keys that add to or remove from the value, and the type that they accept. */
  readonly modifiers?: { readonly keys: readonly string[]; readonly accepts: string };
}

export function fieldTypes(field: Field): FieldTypes {
  const { name } = field;
  switch (field.type) {
    case "text":
    case "email":
    case "url":
    case "editor":
      return { read: "string", write: "string" };
    case "date":
      return { read: "string", write: "string | Date" };
    case "autodate":
      return { read: "string" };
    case "password":
      return { write: "string" };
    case "number":
      return { read: "number", write: "number", modifiers: { keys: [`${name}+`, `${name}-`], accepts: "number" } };
    case "bool":
      return { read: "boolean", write: "boolean" };
    case "json":
      return { read: "unknown", write: "unknown" };
    case "geoPoint":
      return { read: GEO_POINT, write: GEO_POINT };
    case "select":
      return oneOrMany(field, field.values.map((value) => JSON.stringify(value)).join(" | "));
    case "relation":
      return oneOrMany(field, "string");
    case "file":
      return { modifiers: { keys: [`${name}-`], accepts: "string" }, ...oneOrMany(field, "string", "string | Blob") };
  }
}

const GEO_POINT = "{ readonly lon: number; readonly lat: number }";

function oneOrMany(field: Field, read: string, write = read): FieldTypes {
  if (isMultiple(field)) {
    const many = `${write} | readonly (${write})[]`;
    const keys = [`+${field.name}`, `${field.name}+`, `${field.name}-`];
    return { read: `readonly (${read})[]`, write: many, modifiers: { keys, accepts: many } };
  }
  // "" means no choice.
  const empty = read !== "string" && !field.required ? ' | ""' : "";
  return { read: `${read}${empty}`, write: `${write}${empty}` };
}
