import { NeedsDatabase } from "./scalar.ts";

/** Tests whether a text matches. */
export type Matcher = (text: string) => boolean;

const MANY = -1;
const ONE = -2;
/** Matches no character. */
const NOTHING = -3;
const REPLACEMENT = 0xfffd;
/** SQLite's limit (SQLITE_MAX_LIKE_PATTERN_LENGTH). */
const MAX_PATTERN_BYTES = 50_000;

/**
 * SQLite's LIKE with a backslash as escape character. It ignores the case of ASCII letters only, and everything after a
 * NUL.
 *
 * @throws NeedsDatabase for a pattern that is too long
 */
export function likeMatcher(pattern: string): Matcher {
  if (Buffer.byteLength(pattern) > MAX_PATTERN_BYTES) throw new NeedsDatabase();
  const tokens = tokensOf(pattern);
  return (text) => matches(text, tokens);
}

function tokensOf(pattern: string): readonly number[] {
  const tokens: number[] = [];
  let isEscaped = false;
  for (const character of pattern) {
    if (character === "\0") break;
    if (character === "\\" && !isEscaped) {
      isEscaped = true;
      continue;
    }
    const isWild = !isEscaped && (character === "%" || character === "_");
    tokens.push(isWild ? (character === "%" ? MANY : ONE) : folded(character.codePointAt(0)!));
    isEscaped = false;
  }
  if (isEscaped) tokens.push(NOTHING);
  return tokens;
}

/** Backtracks only to the last `%`: earlier ones never need a longer match. */
function matches(text: string, tokens: readonly number[]): boolean {
  let at = 0;
  let next = 0;
  let afterMany = -1;
  let resumeAt = 0;
  while (at < text.length) {
    const point = text.codePointAt(at)!;
    if (point === 0) break;
    const token = tokens[next];
    if (token === MANY) {
      next += 1;
      afterMany = next;
      resumeAt = at;
    } else if (token === ONE || token === folded(point)) {
      next += 1;
      at += widthOf(point);
    } else if (afterMany >= 0) {
      resumeAt += widthOf(text.codePointAt(resumeAt)!);
      at = resumeAt;
      next = afterMany;
    } else {
      return false;
    }
  }
  while (tokens[next] === MANY) next += 1;
  return next === tokens.length;
}

const widthOf = (point: number): number => (point > 0xffff ? 2 : 1);

function folded(point: number): number {
  if (point >= 0x41 && point <= 0x5a) return point + 0x20;
  return point >= 0xd800 && point < 0xe000 ? REPLACEMENT : point;
}
