import { randomInt } from "node:crypto";
import { LRUCache } from "lru-cache";
import { type PatternNode, parsePattern, type Range } from "./pattern-tree.ts";

/** The exclusive upper bound for `x*`, `x+` and `x{n,}`. */
const OPEN_END = 6;
const ANY: readonly Range[] = [
  [0x41, 0x5a],
  [0x61, 0x7a],
  [0x30, 0x39],
];

/**
 * Generates a cryptographically random text that matches a pattern, as PocketBase does: `.` is one of `A-Za-z0-9`,
 * `x{n,m}` gives n to m - 1 repetitions (so `x?` gives none), open ends stop below 6, and anchors and empty branches
 * are refused.
 *
 * @param pattern RE2 syntax
 * @throws Error with Go's message for a pattern that is malformed or unsupported
 */
export function randomByPattern(pattern: string): string {
  let tree = parsed.get(pattern);
  if (!tree) parsed.set(pattern, (tree = parsePattern(pattern)));
  return generate(tree);
}

/** Every new record of a collection uses the same pattern. */
const parsed = new LRUCache<string, PatternNode>({ max: 200 });

function generate(node: PatternNode): string {
  switch (node.kind) {
    case "literal":
      return node.text;
    case "any":
      return oneOf(ANY);
    case "class":
      return oneOf(node.ranges);
    case "sequence":
      return node.items.map(generate).join("");
    case "alternatives":
      return generate(node.items[randomInt(node.items.length)]!);
    case "repeat":
      return Array.from({ length: repetitions(node.min, node.max) }, () => generate(node.item)).join("");
    case "unsupported":
      throw new Error(`unsupported pattern operator ${node.operator}`);
  }
}

function repetitions(min: number, max: number | undefined): number {
  const end = Math.max(min, max ?? OPEN_END);
  return end === min ? min : min + randomInt(end - min);
}

function oneOf(ranges: readonly Range[]): string {
  let index = randomInt(
    Math.max(
      1,
      ranges.reduce((total, [from, to]) => total + to - from + 1, 0),
    ),
  );
  for (const [from, to] of ranges) {
    if (index <= to - from) return String.fromCodePoint(from + index);
    index -= to - from + 1;
  }
  throw new Error("no runes to choose from");
}
