/**
 * A value as SQLite has it. NaN is a NULL that was bound as a number; a boolean is the integer 1 or 0; a bigint an
 * integer; what a number is, its reading tells.
 */
export type Scalar = string | number | bigint | boolean | null;

/** What a comparison does to a text beside a number: nothing, or one becomes what the other is. */
export type Conversion = "none" | "numeric" | "text";

export const isNull = (value: Scalar): value is null => value === null || Number.isNaN(value);

/** Thrown where a value takes the database: a predicate makes it its answer. */
export class Undecided extends Error {
  override readonly name = "Undecided";
}

/**
 * @param value not NULL
 * @param floats all its numbers are floats; else the whole ones are integers, as far as they are exact
 * @throws Undecided for most floats
 */
export function textOf(value: Exclude<Scalar, null>, floats: boolean): string {
  if (typeof value === "string") return value;
  if (typeof value === "boolean") return value ? "1" : "0";
  if (typeof value === "bigint") return String(value);
  return floats || !Number.isSafeInteger(value) || Object.is(value, -0) ? floatText(value) : String(value);
}

/** SQLite's LOWER knows ASCII alone. */
export const lowerAscii = (text: string): string => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());

/** Numbers come before texts; texts are in the order of their UTF-8 bytes, which is that of their code points. */
export function order(a: Exclude<Scalar, null>, b: Exclude<Scalar, null>): number {
  if (typeof a === "string") return typeof b === "string" ? orderTexts(a, b) : 1;
  if (typeof b === "string") return -1;
  // An integer and a float are compared exactly, however large they are.
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * A text that reads as a number is one.
 *
 * @throws Undecided for more digits than SQLite reads exactly
 */
export function numericOf<Value extends Scalar>(value: Value): Value | number | bigint {
  if (typeof value !== "string" || !NUMBER.test(value)) return value;
  if (value.length > MAX_DIGITS && value.replace(/\D/g, "").length > MAX_DIGITS) throw new Undecided();
  const number = Number(value);
  if (Number.isSafeInteger(number) || !INTEGER.test(value)) return number;
  return integerOf(value.trim()) ?? number;
}

/** The integer of a text of digits; `undefined` beyond 64 bits. */
export function integerOf(digits: string): bigint | undefined {
  const integer = BigInt(digits.replace(/^\+/, ""));
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

const MAX_DIGITS = 19;
const NUMBER = /^[ \t-\r]*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?[ \t-\r]*$/;
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

/** Half of a pair stands for a code point above all that need no pair; alone it stands for itself. */
function codePointRank(text: string, at: number, unit: number): number {
  const isPaired =
    (unit >= 0xd800 && unit < 0xdc00 && isBetween(text.charCodeAt(at + 1), 0xdc00, 0xe000)) ||
    (unit >= 0xdc00 && unit < 0xe000 && isBetween(text.charCodeAt(at - 1), 0xd800, 0xdc00));
  return isPaired ? unit + 0x10000 : unit;
}

const isBetween = (unit: number, from: number, to: number): boolean => unit >= from && unit < to;

/** What of other floats the text would be is in SQLite's own arithmetic, which rounds the last digits its own way. */
function floatText(number: number): string {
  if (Number.isSafeInteger(number)) return `${number}.0`;
  if (Number.isInteger(number * 8) && Math.abs(number) < 1e12) return String(number);
  throw new Undecided();
}
