import { parseInteger, type Scalar } from "./scalar.ts";
import { jsonText } from "../resolve/request-value.ts";

/** SQLite rejects JSON that is nested deeper. */
const MAX_DEPTH = 1_000;

/** What `json_extract` returns for a path, for a column that holds this value. */
export function extractJson(value: unknown, path: readonly string[]): Scalar {
  // Invalid JSON counts as a text.
  if (isTooDeep(value)) return path.length === 0 ? JSON.stringify(value) : null;
  let at = value;
  for (const key of path) {
    if (/^\d+$/.test(key)) at = Array.isArray(at) ? at[Number(key)] : undefined;
    else at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return typeof at === "object" && at !== null ? JSON.stringify(at) : scalarOf(at);
}

/** An item as `json_each` returns it. Objects are written as in the request's JSON text. */
export const jsonItem = (item: unknown): Scalar =>
  typeof item === "object" && item !== null ? jsonText(item) : scalarOf(item);

/** `json_extract` overflows on longer indexes, so those are left to the database. */
export const isSafePath = (path: readonly string[]): boolean => path.every((key) => !/^\d{10,}$/.test(key));

export const isTooDeep = (value: unknown, allowed = MAX_DEPTH): boolean =>
  typeof value === "object" &&
  value !== null &&
  (allowed === 0 || Object.values(value).some((item) => isTooDeep(item, allowed - 1)));

function scalarOf(value: unknown): Scalar {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  if (value === 0) return 0;
  // SQLite parses the digits that JSON writes, which may denote a different integer than the float.
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21
    ? (parseInteger(String(value)) ?? value)
    : value;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
