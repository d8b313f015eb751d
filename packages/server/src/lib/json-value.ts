import type { JsonValue } from "@headwater/protocol";

/** The value of a JSON text; `undefined` when it is none. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A value as JSON would carry it: what that can't hold is left out, and nothing at all is `null`. */
export const asJson = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value) ?? "null") as JsonValue;

/**
 * What came out of a JSON text or a form, with the keys of all objects in order: PocketBase keeps objects in maps, which
 * it writes so.
 */
export function sortKeys(value: unknown): JsonValue {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  if (Array.isArray(value)) return value.map(sortKeys);
  return typeof value === "object" && value !== null ? sortObject(value) : null;
}

export function sortObject(object: object): Record<string, JsonValue> {
  const entries = Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, value]) => [key, sortKeys(value)]));
}
