import { crc32Text } from "../../lib/crc32.ts";
import type { Field } from "../fields/field.ts";

/**
 * Applies PocketBase's rules to a list of fields. A field without an id gets one derived from its type and name. A
 * field replaces an earlier one with the same id. A field without an id replaces an earlier one with the same name and
 * keeps that one's id.
 */
export function normaliseFields(fields: readonly Field[]): Field[] {
  const result: Field[] = [];
  for (const field of fields) {
    const known = result.findIndex((other) =>
      field.id === "" ? field.name !== "" && other.name === field.name : other.id === field.id,
    );
    if (known < 0) result.push({ ...field, id: field.id || freeId(field, result) });
    else result[known] = { ...field, id: result[known]!.id };
  }
  return result;
}

function freeId(field: Field, taken: readonly Field[]): string {
  const base = field.type + crc32Text(field.name);
  for (let id = base, counter = 2; ; id = `${base}${counter}`, counter++) {
    if (counter === 1001 || !taken.some((other) => other.id === id)) return id;
  }
}
