export type Compare<T> = (a: T, b: T) => number;

/**
 * Builds a comparator from a list's `sort`, for fields of the records themselves. Equal records are ordered by id, so
 * that all clients show the same order.
 */
export function compareBySort<T extends { readonly id: string }>(sort: string): Compare<T> {
  const keys = sort
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((part) => ({ field: part.replace(/^[+-]/, ""), sign: part.startsWith("-") ? -1 : 1 }));
  return (a, b) => {
    for (const { field, sign } of keys) {
      const order = compareValues(valueOf(a, field), valueOf(b, field));
      if (order !== 0) return sign * order;
    }
    return compareTexts(a.id, b.id);
  };
}

const valueOf = (record: object, field: string): unknown => (record as Readonly<Record<string, unknown>>)[field];

/** Orders like SQLite: null, then numbers and booleans, then strings by their bytes. */
function compareValues(a: unknown, b: unknown): number {
  const [rankA, rankB] = [rankOf(a), rankOf(b)];
  if (rankA !== rankB) return rankA - rankB;
  if (rankA === 1) return Number(a) - Number(b);
  return rankA === 0 ? 0 : compareTexts(textOf(a), textOf(b));
}

function rankOf(value: unknown): 0 | 1 | 2 {
  if (value === null || value === undefined) return 0;
  return typeof value === "number" || typeof value === "boolean" ? 1 : 2;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Compares by code point, as UTF-8 does. JavaScript compares UTF-16 units, which differs beyond the basic plane. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const [unitA, unitB] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (unitA !== unitB) return codePointOrder(unitA) - codePointOrder(unitB);
  }
  return a.length - b.length;
}

/** Surrogates encode code points above all other units. */
const codePointOrder = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit);
