/**
 * A value as SQLite sees it. NaN is a NULL that was bound as a number; a boolean is the integer 1 or 0; a bigint is an
 * integer. The operand's traits say whether a number is a float.
 */
export type Scalar = string | number | bigint | boolean | null;

/** How a comparison of a text and a number converts them: not at all, or one to the type of the other. */
export type Conversion = "none" | "numeric" | "text";

export const isNull = (value: Scalar): value is null => value === null || Number.isNaN(value);

/** Thrown for a value that only the database can decide: the predicate then returns `undefined`. */
export class NeedsDatabase extends Error {
  override readonly name = "NeedsDatabase";
}

/**
 * The value cast to text.
 *
 * @param value not NULL
 * @param floats whether all its numbers are floats; otherwise exact whole numbers are integers
 * @throws NeedsDatabase for most floats
 */
export function scalarText(value: Exclude<Scalar, null>, floats: boolean): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "bigint") return String(value);
  return floats || !Number.isSafeInteger(value) || Object.is(value, -0) ? floatText(value) : String(value);
}

/** SQLite's LOWER, which changes ASCII letters only. */
export const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** Orders numbers before texts, and texts by their UTF-8 bytes, which is the order of their code points. */
export function compareScalars(a: Exclude<Scalar, null>, b: Exclude<Scalar, null>): number {
  if (typeof a === "string") return typeof b === "string" ? orderTexts(a, b) : 1;
  if (typeof b === "string") return -1;
  // An integer and a float of any size are compared exactly.
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Applies numeric affinity: a text that looks like a number becomes one.
 *
 * @throws NeedsDatabase for more digits than SQLite reads exactly
 */
export function toNumeric<Value extends Scalar>(value: Value): Value | number | bigint {
  if (typeof value !== "string" || !NUMBER.test(value)) return value;
  if (value.length > MAX_DIGITS && value.replace(/\D/g, "").length > MAX_DIGITS) throw new NeedsDatabase();
  const number = Number(value);
  if (Number.isSafeInteger(number) || !INTEGER.test(value)) return number;
  return parseInteger(value.trim()) ?? number;
}

/** Parses a text of digits; `undefined` beyond 64 bits. */
export function parseInteger(digits: string): bigint | undefined {
  const integer = BigInt(digits.replace(/^\+/, ""));
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

const MAX_DIGITS = 19;
const NUMBER = /^[ \t-\r]*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[ \t-\r]*$/;
const INTEGER = /^[ \t-\r]*[+-]?\d+[ \t-\r]*$/;

function orderTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return codePointRank(a, at, left) - codePointRank(b, at, right);
  }
  return a.length - b.length;
}

/** A paired surrogate stands for a code point above all that need no pair; a lone one stands for itself. */
function codePointRank(text: string, at: number, unit: number): number {
  const isPaired =
    (unit >= 0xd800 && unit < 0xdc00 && isBetween(text.charCodeAt(at + 1), 0xdc00, 0xe000)) ||
    (unit >= 0xdc00 && unit < 0xe000 && isBetween(text.charCodeAt(at - 1), 0xd800, 0xdc00));
  return isPaired ? unit + 0x10000 : unit;
}

const isBetween = (unit: number, from: number, to: number): boolean => unit >= from && unit < to;

/** SQLite rounds the last digits of other floats in its own way. */
function floatText(number: number): string {
  if (Number.isSafeInteger(number)) return `${number}.0`;
  if (Number.isInteger(number * 8) && Math.abs(number) < 1e12) return String(number);
  throw new NeedsDatabase();
}
