import type { JsonValue } from "@headwater/protocol";

/** Parses a JSON text; `undefined` if it is invalid. */
export function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A value after a round trip through JSON; `null` if JSON can't represent it. */
export const asJson = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value) ?? "null") as JsonValue;

/**
 * A value from JSON or a form with the keys of all objects sorted, because PocketBase keeps objects in maps, which it
 * writes in that order.
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
