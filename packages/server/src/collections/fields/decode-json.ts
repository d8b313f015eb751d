import { ApiError, badRequest } from "../../lib/api-error.ts";
import { isObject, type JsonObject } from "../../lib/json/json-object.ts";

export { isObject, type JsonObject };

/**
 * Makes a function that reads one member by the rules of PocketBase's decoder: names match exactly, `null` gives the
 * zero value, a missing member gives the fallback, and a value of another type is refused.
 *
 * @throws ApiError 400
 */
function reader<T>(zero: T, decode: (value: unknown) => T | undefined) {
  return (raw: JsonObject, key: string, fallback: T = zero): T => {
    const value = raw[key];
    if (value === undefined) return fallback;
    if (value === null) return zero;
    const decoded = decode(value);
    if (decoded === undefined) throw badFormat();
    return decoded;
  };
}

export const readText = reader("", (value) => (typeof value === "string" ? value : undefined));
export const readBool = reader(false, (value) => (typeof value === "boolean" ? value : undefined));
export const readInt = reader(0, (value) => (typeof value === "number" && isInt64(value) ? value : undefined));
export const readNumberOrNull = reader<number | null>(null, (value) => (typeof value === "number" ? value : undefined));
export const readTextOrNull = reader<string | null>(null, (value) => (typeof value === "string" ? value : undefined));
export const readBoolOrNull = reader<boolean | null>(null, (value) => (typeof value === "boolean" ? value : undefined));
export const readList = reader<readonly unknown[]>([], (value) => (Array.isArray(value) ? value : undefined));
export const readTexts = reader<readonly string[]>([], (value) =>
  Array.isArray(value) && value.every((item) => typeof item === "string" || item === null)
    ? value.map((item) => item ?? "")
    : undefined,
);
const isInt64 = (value: number): boolean => Number.isInteger(value) && Math.abs(value) < 2 ** 63;

const readRecord = reader<JsonObject>({}, (value) => (isObject(value) ? value : undefined));

/** Reads a nested object on top of `fallback`; a missing member gives `fallback`, and `null` gives `blank`. */
export function readObject<T>(
  raw: JsonObject,
  key: string,
  fallback: T,
  blank: T,
  parse: (raw: JsonObject, fallback: T) => T,
): T {
  return raw[key] === null ? blank : parse(readRecord(raw, key), fallback);
}

export function asObject(value: unknown): JsonObject {
  if (!isObject(value)) throw badFormat();
  return value;
}

/** Runs a read and replaces the message of its ApiError, for endpoints that use a different one. */
export function orBadRequest<T>(read: () => T, message: string): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ApiError) throw badRequest(message);
    throw error;
  }
}

export const badFormat = (): ApiError => badRequest("Failed to load the submitted data due to invalid formatting.");
