import { type Field, isMultiple } from "../collections/fields/field.ts";

/** How a field is written in TypeScript. */
export interface FieldTypes {
  /** What is read; absent for what never shows. */
  readonly out?: string;
  /** What is written; absent for what is the server's to set. */
  readonly in?: string;
  /** Names under which something may be added to what is there, or taken away, and what they take. */
  readonly modifiers?: { readonly names: readonly string[]; readonly in: string };
}

export function typesOf(field: Field): FieldTypes {
  const { name } = field;
  switch (field.type) {
    case "text":
    case "email":
    case "url":
    case "editor":
      return { out: "string", in: "string" };
    case "date":
      return { out: "string", in: "string | Date" };
    case "autodate":
      return { out: "string" };
    case "password":
      return { in: "string" };
    case "number":
      return { out: "number", in: "number", modifiers: { names: [`${name}+`, `${name}-`], in: "number" } };
    case "bool":
      return { out: "boolean", in: "boolean" };
    case "json":
      return { out: "unknown", in: "unknown" };
    case "geoPoint":
      return { out: GEO_POINT, in: GEO_POINT };
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
    return { out: `readonly (${out})[]`, in: many, modifiers: { names, in: many } };
  }
  // What is not chosen is "".
  const empty = out !== "string" && !field.required ? ' | ""' : "";
  return { out: `${out}${empty}`, in: `${written}${empty}` };
}
