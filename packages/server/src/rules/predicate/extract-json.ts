import { integerOf, type Scalar } from "./scalar.ts";
import { jsonText } from "../resolve/request-value.ts";

/** Lists and objects within one another; a text with more is no JSON to SQLite. */
const MAX_DEPTH = 1_000;

/** What `json_extract` gives for a path, of a column that holds this value. */
export function extractJson(value: unknown, path: readonly string[]): Scalar {
  // Text that is no JSON counts as a text.
  if (isTooDeep(value)) return path.length === 0 ? JSON.stringify(value) : null;
  let at = value;
  for (const key of path) {
    if (/^\d+$/.test(key)) at = Array.isArray(at) ? at[Number(key)] : undefined;
    else at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return typeof at === "object" && at !== null ? JSON.stringify(at) : scalarOf(at);
}

/** A value of `json_each`. Objects are as the request's JSON text has them. */
export const itemOf = (item: unknown): Scalar =>
  typeof item === "object" && item !== null ? jsonText(item) : scalarOf(item);

/** The path of `json_extract` counts no further than this; what it makes of more digits is its own affair. */
export const isSafePath = (path: readonly string[]): boolean => path.every((key) => !/^\d{10,}$/.test(key));

export const isTooDeep = (value: unknown, allowed = MAX_DEPTH): boolean =>
  typeof value === "object" &&
  value !== null &&
  (allowed === 0 || Object.values(value).some((item) => isTooDeep(item, allowed - 1)));

function scalarOf(value: unknown): Scalar {
  if (typeof value === "string" || typeof value === "boolean") return value;
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  if (value === 0) return 0;
  // SQLite reads the digits that JSON writes, which are those of another integer than the float's.
  return Number.isInteger(value) && !Number.isSafeInteger(value) && Math.abs(value) < 1e21
    ? (integerOf(String(value)) ?? value)
    : value;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
