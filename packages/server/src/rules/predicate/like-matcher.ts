import { TextFinder } from "./find-text.ts";
import { lowerAscii, NeedsDatabase } from "./scalar.ts";

/**
 * Tests whether a text matches.
 *
 * @throws NeedsDatabase if that takes too long
 */
export type Matcher = (text: string) => boolean;

/** What stands between two `%`. Its length in code points is fixed. */
type Segment = TextFinder | WildSegment;

/** SQLite's limit (SQLITE_MAX_LIKE_PATTERN_LENGTH). */
const MAX_PATTERN_BYTES = 50_000;
/** Characters that one text may be compared for a pattern with `_`: some milliseconds. */
const MAX_STEPS = 1 << 20;

/**
 * SQLite's LIKE with a backslash as escape character. It ignores the case of ASCII letters only, and everything after a
 * NUL. Takes time in proportion to the text, also with many `%`; with `_`, at most `MAX_STEPS`.
 *
 * @throws NeedsDatabase for a pattern that is too long
 */
export function likeMatcher(pattern: string): Matcher {
  if (Buffer.byteLength(pattern) > MAX_PATTERN_BYTES) throw new NeedsDatabase();
  const segments = segmentsOf(fold(pattern));
  if (!segments) return () => false;
  const [first, ...others] = segments as [Segment, ...Segment[]];
  const last = others.pop();
  return (text) => {
    const subject = folded(text);
    const budget = { steps: MAX_STEPS };
    const start = endAt(first, subject, 0, budget);
    if (!last) return start === subject.length;
    if (start < 0) return false;
    const end = startBefore(last, subject);
    if (end < start || endAt(last, subject, end, budget) < 0) return false;
    // Each segment as early as possible: a later place never leaves more room for those that follow.
    let at = start;
    for (const segment of others) {
      at = endOfFirst(segment, subject, at, end, budget);
      if (at < 0) return false;
    }
    return true;
  };
}

/** At least one, for the pattern is what stands between them. `undefined`: nothing matches an escape without a character. */
function segmentsOf(pattern: string): readonly Segment[] | undefined {
  const segments: Segment[] = [];
  let points: number[] = [];
  let isEscaped = false;
  for (const character of pattern) {
    if (character === "\\" && !isEscaped) {
      isEscaped = true;
      continue;
    }
    if (character === "%" && !isEscaped) {
      segments.push(segmentOf(points));
      points = [];
    } else points.push(character === "_" && !isEscaped ? ONE : character.codePointAt(0)!);
    isEscaped = false;
  }
  if (isEscaped) return undefined;
  return [...segments, segmentOf(points)];
}

const segmentOf = (points: readonly number[]): Segment =>
  points.includes(ONE)
    ? new WildSegment(points)
    : new TextFinder(points.map((point) => String.fromCodePoint(point)).join(""));

/** Any code point. */
const ONE = -1;

interface Budget {
  steps: number;
}

/** A segment with `_`. */
class WildSegment {
  readonly #points: readonly number[];

  constructor(points: readonly number[]) {
    this.#points = points;
  }

  /** @returns the end of the match that starts here; -1 if there is none */
  endAt(subject: string, start: number, budget: Budget): number {
    let at = start;
    for (const expected of this.#points) {
      if ((budget.steps -= 1) < 0) throw new NeedsDatabase();
      const point = subject.codePointAt(at);
      if (point === undefined || (expected !== ONE && expected !== point)) return -1;
      at += widthOf(point);
    }
    return at;
  }

  endOfFirst(subject: string, from: number, limit: number, budget: Budget): number {
    for (let start = from; start <= limit; start += widthOf(subject.codePointAt(start) ?? 0)) {
      const end = this.endAt(subject, start, budget);
      if (end >= 0) return end <= limit ? end : -1;
    }
    return -1;
  }

  /** @returns where a match that ends with the subject would start; -1 if the subject is too short */
  startBefore(subject: string): number {
    let at = subject.length;
    for (let i = 0; i < this.#points.length; i += 1) {
      at -= isLowSurrogate(subject.charCodeAt(at - 1)) ? 2 : 1;
      if (at < 0) return -1;
    }
    return at;
  }
}

function endAt(segment: Segment, subject: string, start: number, budget: Budget): number {
  if (segment instanceof WildSegment) return segment.endAt(subject, start, budget);
  return subject.startsWith(segment.text, start) ? start + segment.text.length : -1;
}

function endOfFirst(segment: Segment, subject: string, from: number, limit: number, budget: Budget): number {
  if (segment instanceof WildSegment) return segment.endOfFirst(subject, from, limit, budget);
  const start = segment.indexIn(subject, from);
  const end = start + segment.text.length;
  return start >= 0 && end <= limit ? end : -1;
}

const startBefore = (segment: Segment, subject: string): number =>
  segment instanceof WildSegment ? segment.startBefore(subject) : subject.length - segment.text.length;

const widthOf = (point: number): number => (point > 0xffff ? 2 : 1);
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** The subject of the last match: one change is matched against the patterns of many subscribers. */
let known = { text: "", folded: "" };

function folded(text: string): string {
  if (known.text !== text) known = { text, folded: fold(text) };
  return known.folded;
}

/** Up to a NUL, in well-formed UTF-16, with ASCII letters in lower case. */
function fold(text: string): string {
  const end = text.indexOf("\0");
  const read = (end < 0 ? text : text.slice(0, end)).toWellFormed();
  // Beyond ASCII, `toLowerCase` changes more than letters from A to Z.
  return isAscii(read) ? read.toLowerCase() : lowerAscii(read);
}

const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);
