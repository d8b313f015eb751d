/** A range of code points, both ends included. */
export type Range = readonly [from: number, to: number];

const LAST = 0x10ffff;
const DIGIT: readonly Range[] = [[0x30, 0x39]];
const SPACE: readonly Range[] = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
];
const UPPER: readonly Range[] = [[0x41, 0x5a]];
const LOWER: readonly Range[] = [[0x61, 0x7a]];
const WORD: readonly Range[] = [...DIGIT, ...UPPER, [0x5f, 0x5f], ...LOWER];

const SHORTHANDS: Readonly<Record<string, readonly Range[]>> = { d: DIGIT, s: SPACE, w: WORD };

const POSIX: Readonly<Record<string, readonly Range[]>> = {
  alnum: [...DIGIT, ...UPPER, ...LOWER],
  alpha: [...UPPER, ...LOWER],
  ascii: [[0, 0x7f]],
  blank: [
    [0x09, 0x09],
    [0x20, 0x20],
  ],
  cntrl: [
    [0, 0x1f],
    [0x7f, 0x7f],
  ],
  digit: DIGIT,
  graph: [[0x21, 0x7e]],
  lower: LOWER,
  print: [[0x20, 0x7e]],
  punct: [
    [0x21, 0x2f],
    [0x3a, 0x40],
    [0x5b, 0x60],
    [0x7b, 0x7e],
  ],
  space: [
    [0x09, 0x0d],
    [0x20, 0x20],
  ],
  upper: UPPER,
  word: WORD,
  xdigit: [...DIGIT, [0x41, 0x46], [0x61, 0x66]],
};

const CONTROL: Readonly<Record<string, number>> = { a: 7, f: 12, n: 10, r: 13, t: 9, v: 11 };

/** The ranges of `\d`, `\s`, `\w` and their negations; `undefined` for another escape. */
export function shorthandClass(escape: string): readonly Range[] | undefined {
  const ranges = SHORTHANDS[escape.slice(1).toLowerCase()];
  return ranges && (escape === escape.toLowerCase() ? ranges : complement(ranges));
}

/** Parses the content of a bracket expression to sorted ranges without overlaps. The syntax must be valid. */
export function parseClass(body: string): readonly Range[] {
  const negated = body.startsWith("^");
  const ranges: Range[] = [];
  const text = negated ? body.slice(1) : body;
  for (const [item, posixNot, posix, from, to] of text.matchAll(ITEM)) {
    const named = posix === undefined ? shorthandClass(item) : POSIX[posix];
    if (named) ranges.push(...(posixNot ? complement(named) : named));
    else if (from !== undefined) ranges.push([codeOf(from), codeOf(to ?? from)]);
  }
  const merged = merge(ranges);
  return negated ? complement(merged) : merged;
}

const ONE = String.raw`\\x[0-9a-fA-F]{2}|\\x\{[0-9a-fA-F]+\}|\\[0-7]{1,3}|\\[^dDsSwW]|[^\\]`;
const ITEM = new RegExp(String.raw`\[:(\^?)(\w+):\]|\\[dDsSwW]|(${ONE})(?:-(${ONE}))?`, "gu");

function codeOf(item: string): number {
  if (!item.startsWith("\\") || item.length === 1) return item.codePointAt(0)!;
  const hex = /^\\x\{?([0-9a-fA-F]+)\}?$/.exec(item);
  if (hex) return Number.parseInt(hex[1]!, 16);
  if (/^\\[0-7]+$/.test(item)) return Number.parseInt(item.slice(1), 8);
  return CONTROL[item.slice(1)] ?? item.codePointAt(1)!;
}

function merge(ranges: readonly Range[]): readonly Range[] {
  const merged: Range[] = [];
  for (const [from, to] of [...ranges].sort((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && from <= last[1] + 1) merged[merged.length - 1] = [last[0], Math.max(last[1], to)];
    else merged.push([from, to]);
  }
  return merged;
}

function complement(ranges: readonly Range[]): readonly Range[] {
  const gaps: Range[] = [];
  let next = 0;
  for (const [from, to] of merge(ranges)) {
    if (from > next) gaps.push([next, from - 1]);
    next = to + 1;
  }
  if (next <= LAST) gaps.push([next, LAST]);
  return gaps;
}
