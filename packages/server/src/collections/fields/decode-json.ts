import { ApiError, badRequest } from "../../lib/api-error.ts";

/** A JSON object as it came. */
export type Raw = Readonly<Record<string, unknown>>;

/**
 * Readers of one member each, with the rules of PocketBase's decoder: names match exactly, `null` gives the zero value,
 * a missing member keeps the fallback, and a value of another type is refused.
 *
 * @throws ApiError 400
 */
function reader<T>(zero: T, decode: (value: unknown) => T | undefined) {
  return (raw: Raw, key: string, fallback: T = zero): T => {
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

const readRecord = reader<Raw>({}, (value) => (isObject(value) ? value : undefined));

/** A nested object read on top of what is there; `null` starts from nothing instead. */
export function readObject<T>(raw: Raw, key: string, fallback: T, blank: T, parse: (raw: Raw, fallback: T) => T): T {
  return raw[key] === null ? blank : parse(readRecord(raw, key), fallback);
}

export function asObject(value: unknown): Raw {
  if (!isObject(value)) throw badFormat();
  return value;
}

export const isObject = (value: unknown): value is Raw =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Runs a reading whose endpoint has words of its own for what can't be read. */
export function orBadRequest<T>(read: () => T, message: string): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ApiError) throw badRequest(message);
    throw error;
  }
}

const badFormat = (): ApiError => badRequest("Failed to load the submitted data due to invalid formatting.");
