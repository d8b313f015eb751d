import { expect, test } from "bun:test";
import { array, assert, integer, property, string } from "fast-check";
import { SegmentedText } from "./segmented-text.ts";

function textOf(pieces: readonly string[]): SegmentedText {
  const text = new SegmentedText();
  for (const piece of pieces) text.add(piece);
  return text;
}

test("any range of pieces can be read, merged or not", () => {
  const pieces = array(string({ minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 600, size: "max" });
  assert(
    property(pieces, integer({ min: 0, max: 600 }), integer({ min: 0, max: 600 }), (all, start, length) => {
      const from = Math.min(start, all.length - 1);
      const count = Math.min(length, all.length - from);
      const text = textOf(all);
      expect(text.count).toBe(all.length);
      expect(text.lengths).toEqual(all.map((piece) => piece.length));
      expect(text.slice(from, count)).toBe(all.slice(from, from + count).join(""));
    }),
    { numRuns: 50 },
  );
});

test("pieces are counted until they have enough characters, at least one and at most all", () => {
  const text = textOf(["aaaa", "bbbb", "cccc"]);
  expect(text.countFor(0, 1)).toBe(1);
  expect(text.countFor(0, 5)).toBe(1);
  expect(text.countFor(0, 6)).toBe(2);
  expect(text.countFor(1, 1_000)).toBe(2);
});
