export type Compare<T> = (a: T, b: T) => number;

/**
 * The order that a list's `sort` stands for, over fields of the records themselves. Equals are in the order of their ids,
 * so that every client shows the same.
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

/** As SQLite orders: nothing, then numbers (and yes and no), then texts by their bytes. */
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

/** By code points, which is the order of UTF-8; JavaScript's own order differs beyond the first plane. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const [unitA, unitB] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (unitA !== unitB) return codePointOrder(unitA) - codePointOrder(unitB);
  }
  return a.length - b.length;
}

/** Surrogates stand for what comes after every other unit. */
const codePointOrder = (unit: number): number => (unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit);
