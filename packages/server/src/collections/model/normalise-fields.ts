import { crc32Text } from "../../lib/crc32.ts";
import type { Field } from "../fields/field.ts";

/**
 * PocketBase's rules for a list of fields. A field without id gets one made of its type and name; a field takes the
 * place of an earlier one with its id or, if it came without id, of the one with its name, whose id it keeps.
 */
export function arrangeFields(fields: readonly Field[]): Field[] {
  const arranged: Field[] = [];
  for (const field of fields) {
    const known = arranged.findIndex((other) =>
      field.id === "" ? field.name !== "" && other.name === field.name : other.id === field.id,
    );
    if (known < 0) arranged.push({ ...field, id: field.id || freeId(field, arranged) });
    else arranged[known] = { ...field, id: arranged[known]!.id };
  }
  return arranged;
}

function freeId(field: Field, taken: readonly Field[]): string {
  const base = field.type + crc32Text(field.name);
  for (let id = base, counter = 2; ; id = `${base}${counter}`, counter++) {
    if (counter === 1001 || !taken.some((other) => other.id === id)) return id;
  }
}
