import { parseClass, type Range, shorthandClass } from "./character-class.ts";
import { patternError } from "./re2.ts";

export type { Range };

/** A regular expression as a tree. `operator` is Go's number of an operator that can't be generated. */
export type PatternNode =
  | { readonly kind: "literal"; readonly text: string }
  | { readonly kind: "any" }
  | { readonly kind: "class"; readonly ranges: readonly Range[] }
  | { readonly kind: "sequence" | "alternatives"; readonly items: readonly PatternNode[] }
  | { readonly kind: "repeat"; readonly item: PatternNode; readonly min: number; readonly max: number | undefined }
  | { readonly kind: "unsupported"; readonly operator: number };

const unsupported = (operator: number): PatternNode => ({ kind: "unsupported", operator });
const EMPTY_MATCH = unsupported(2);
const BEGIN_TEXT = unsupported(9);
const END_TEXT = unsupported(10);

const ANCHORS: Readonly<Record<string, PatternNode>> = {
  A: BEGIN_TEXT,
  z: END_TEXT,
  b: unsupported(11),
  B: unsupported(12),
};

/**
 * Parses a pattern in RE2 syntax. Inline flags are ignored; Unicode property classes are not supported.
 *
 * @throws Error with Go's message for a malformed pattern
 */
export function parsePattern(pattern: string): PatternNode {
  const error = patternError(pattern);
  if (error !== undefined) throw new Error(error);
  const quoted = pattern.replaceAll(/\\Q([\s\S]*?)(?:\\E|$)/g, (_, text: string) =>
    text.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`),
  );
  return parseAlternatives({ text: quoted, at: 0 });
}

/** The parser's position. */
interface Position {
  readonly text: string;
  at: number;
}

/** Matches a sticky expression at the position and advances past it. */
function take(position: Position, sticky: RegExp): RegExpExecArray | undefined {
  sticky.lastIndex = position.at;
  const match = sticky.exec(position.text);
  if (!match) return undefined;
  position.at = sticky.lastIndex;
  return match;
}

function parseAlternatives(position: Position): PatternNode {
  const items = [parseSequence(position)];
  while (take(position, /\|/y)) items.push(parseSequence(position));
  return items.length === 1 ? items[0]! : { kind: "alternatives", items };
}

function parseSequence(position: Position): PatternNode {
  const items: PatternNode[] = [];
  while (position.at < position.text.length && !/[|)]/.test(position.text[position.at]!)) {
    if (take(position, /\(\?[a-zA-Z-]*\)/y)) continue;
    items.push(parseRepeat(position, parseAtom(position)));
  }
  if (items.length === 0) return EMPTY_MATCH;
  return items.length === 1 ? items[0]! : { kind: "sequence", items };
}

function parseRepeat(position: Position, item: PatternNode): PatternNode {
  const match = take(position, /(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/y);
  if (!match) return item;
  const [, sign, min, comma, max] = match;
  if (sign === "*") return { kind: "repeat", item, min: 0, max: undefined };
  if (sign === "+") return { kind: "repeat", item, min: 1, max: undefined };
  if (sign === "?") return { kind: "repeat", item, min: 0, max: 1 };
  if (!comma) return { kind: "repeat", item, min: Number(min), max: Number(min) };
  return { kind: "repeat", item, min: Number(min), max: max === "" ? undefined : Number(max) };
}

function parseAtom(position: Position): PatternNode {
  if (take(position, /\((?:\?(?:P?<\w+>|[a-zA-Z-]*:))?/y)) {
    const group = parseAlternatives(position);
    position.at += 1;
    return group;
  }
  if (take(position, /\./y)) return { kind: "any" };
  if (take(position, /\^/y)) return BEGIN_TEXT;
  if (take(position, /\$/y)) return END_TEXT;
  const bracket = take(position, /\[\^?\]?(?:\[:\^?\w+:\]|\\[\s\S]|[^\]\\])*\]/y);
  if (bracket) return { kind: "class", ranges: parseClass(bracket[0].slice(1, -1)) };
  const escape = take(position, ESCAPE);
  if (escape) return parseEscape(escape[0]);
  return { kind: "literal", text: take(position, /[\s\S]/uy)![0] };
}

const ESCAPE = /\\(?:x[0-9a-fA-F]{2}|x\{[0-9a-fA-F]+\}|0[0-7]{0,2}|[1-7][0-7]{1,2}|[\s\S])/y;

function parseEscape(escape: string): PatternNode {
  const anchor = ANCHORS[escape.slice(1)];
  if (anchor) return anchor;
  const ranges = shorthandClass(escape);
  if (ranges) return { kind: "class", ranges };
  if (/^\\[pPC]/.test(escape)) throw new Error("unsupported pattern operator 0");
  return { kind: "literal", text: String.fromCodePoint(parseClass(escape)[0]![0]) };
}
