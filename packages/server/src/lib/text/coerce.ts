import { parseJson } from "../json/json-value.ts";
import { parseStrictText } from "../json/strict-json.ts";

/**
 * Loose conversions of values from JSON, a form or a database column, as in PocketBase (Go's `cast` library). They
 * never throw: a value that can't be converted becomes the zero value.
 */

/** Numbers are written without an exponent; lists and objects become "". */
export function toText(input: unknown): string {
  if (typeof input === "string") return input;
  if (typeof input === "number") return decimalText(input);
  if (typeof input === "boolean" || typeof input === "bigint") return String(input);
  return "";
}

export function toNumber(input: unknown): number {
  if (typeof input === "number") return input;
  if (typeof input === "bigint") return Number(input);
  if (typeof input === "boolean") return input ? 1 : 0;
  return typeof input === "string" ? parseNumber(input) : 0;
}

export function toBool(input: unknown): boolean {
  if (typeof input === "boolean") return input;
  if (typeof input === "number" || typeof input === "bigint") return Number(input) !== 0;
  return typeof input === "string" && TRUE.has(input);
}

const TRUE: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);

/**
 * A list of texts without empty ones and duplicates. A text is a list of one, unless it is a JSON list of texts. A list
 * that holds another list or an object becomes an empty one.
 */
export function toTexts(input: unknown): string[] {
  // What most lists are, as relations to one record.
  if (typeof input === "string" && !input.includes("[")) return input === "" ? [] : [input];
  if (Array.isArray(input) && input.some(isNested)) return [];
  const texts = Array.isArray(input) ? input.map(toText) : typeof input === "string" ? textsIn(input) : [toText(input)];
  return unique(texts);
}

/** In lists that are as short as most, comparing is cheaper than a set. */
const SHORT = 8;

function unique(texts: readonly string[]): string[] {
  if (texts.length > SHORT) return [...new Set(texts)].filter((text) => text !== "");
  return texts.filter((text, index) => text !== "" && texts.indexOf(text) === index);
}

const isNested = (item: unknown): boolean => typeof item === "object" && item !== null;

function textsIn(text: string): readonly string[] {
  if (!text.includes("[")) return [text];
  const list = text.length > LONG_LIST ? parseLongList(text) : parseJson(text);
  if (!Array.isArray(list) || !list.every(isWellFormed)) return [text];
  // PocketBase's decoder stops at the first item that is not a text, and keeps the items before it and the whole text.
  const firstOther = list.findIndex((item) => typeof item !== "string" && item !== null);
  return firstOther < 0 ? list.map(toText) : [...list.slice(0, firstOther).map(toText), text];
}

/** Characters. What is in shorter lists need not be counted before they are built. */
const LONG_LIST = 100_000;
const MAX_ITEMS = 100_000;

function parseLongList(text: string): unknown {
  try {
    return parseStrictText(text, { depth: 2, keys: 0, items: MAX_ITEMS });
  } catch {
    return undefined;
  }
}

/** PocketBase's decoder refuses half of a surrogate pair. */
const isWellFormed = (item: unknown): boolean => typeof item !== "string" || item.isWellFormed();

/** The number of code points, which PocketBase calls characters. */
export function countCharacters(text: string): number {
  let count = text.length;
  for (let at = 1; at < text.length; at += 1) {
    // The second half of a pair that stands for one character.
    if (isLow(text.charCodeAt(at)) && isHigh(text.charCodeAt(at - 1))) count -= 1;
  }
  return count;
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
/** As in Go, an underscore may stand between two digits. */
const STRAY_UNDERSCORE = /(?<!\d)_|_(?!\d)/;
const SPECIAL: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  "+inf": Number.POSITIVE_INFINITY,
  "-inf": Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  "+infinity": Number.POSITIVE_INFINITY,
  "-infinity": Number.NEGATIVE_INFINITY,
};

function parseNumber(text: string): number {
  if (STRAY_UNDERSCORE.test(text)) return 0;
  const digits = text.replaceAll("_", "");
  if (HEXADECIMAL.test(digits)) return parseHexadecimal(digits);
  if (!DECIMAL.test(digits)) return SPECIAL[text.toLowerCase()] ?? 0;
  const number = Number(digits);
  // Out of range is an error in Go, and an error gives zero.
  return Number.isFinite(number) ? number : 0;
}

const HEXADECIMAL = /^[+-]?0x(?:[\da-f]+(?:\.[\da-f]*)?|\.[\da-f]+)p[+-]?\d+$/i;

/** `0x1.8p3` is 1.5 times 2 to the power of 3. */
function parseHexadecimal(text: string): number {
  const [mantissa = "", exponent = ""] = text.toLowerCase().split("p");
  const [whole = "", fraction = ""] = mantissa.replace(/^[+-]?0x/, "").split(".");
  const value = Number.parseInt(whole + fraction, 16) * 2 ** (Number(exponent) - 4 * fraction.length);
  if (!Number.isFinite(value)) return 0;
  return text.startsWith("-") ? -value : value;
}

function decimalText(number: number): string {
  const text = String(number);
  const match = /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(text);
  if (!match) return text;
  const [, sign, first, rest = "", exponent] = match;
  const digits = `${first}${rest}`;
  const shift = Number(exponent);
  return shift < 0 ? `${sign}0.${"0".repeat(-shift - 1)}${digits}` : `${sign}${digits.padEnd(shift + 1, "0")}`;
}
