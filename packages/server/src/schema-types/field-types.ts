import { type Field, isMultiple } from "../collections/fields/field.ts";

/** How a field is written in TypeScript. */
export interface FieldTypes {
  /** What is read; absent for what never shows. */
  readonly read?: string;
  /** What is written; absent for what is the server's to set. */
  readonly write?: string;
  /** Names under which something may be added to what is there, or taken away, and what they take. */
  readonly modifiers?: { readonly names: readonly string[]; readonly in: string };
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
      return { read: "number", write: "number", modifiers: { names: [`${name}+`, `${name}-`], in: "number" } };
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
      return { modifiers: { names: [`${name}-`], in: "string" }, ...oneOrMany(field, "string", "string | Blob") };
  }
}

const GEO_POINT = "{ readonly lon: number; readonly lat: number }";

function oneOrMany(field: Field, out: string, written = out): FieldTypes {
  if (isMultiple(field)) {
    const many = `${written} | readonly (${written})[]`;
    const names = [`+${field.name}`, `${field.name}+`, `${field.name}-`];
    return { read: `readonly (${out})[]`, write: many, modifiers: { names, in: many } };
  }
  // What is not chosen is "".
  const empty = out !== "string" && !field.required ? ' | ""' : "";
  return { read: `${out}${empty}`, write: `${written}${empty}` };
}
