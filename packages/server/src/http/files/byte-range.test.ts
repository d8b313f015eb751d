import { expect, test } from "bun:test";
import { array, assert, nat, property, tuple } from "fast-check";
import { readRanges } from "./byte-range.ts";

/** Recorded from a stock PocketBase 0.40.6, whose answers say which bytes it took. */
test.each([
  [null, []],
  ["", []],
  ["bytes=", []],
  ["bytes=,", []],
  ["bytes= 0-3 ,", [[0, 4]]],
  ["bytes=0-0", [[0, 1]]],
  ["bytes=0-", [[0, 10]]],
  ["bytes=3-5", [[3, 6]]],
  ["bytes=3-500", [[3, 10]]],
  ["bytes=0 - 3", [[0, 4]]],
  ["bytes=+1-2", [[1, 3]]],
  ["bytes=-4", [[6, 10]]],
  ["bytes=-400", [[0, 10]]],
  ["bytes=-0", [[10, 10]]],
  [
    "bytes=0-1,3-4",
    [
      [0, 2],
      [3, 5],
    ],
  ],
  [
    "bytes=0-4,5-9",
    [
      [0, 5],
      [5, 10],
    ],
  ],
  [
    "bytes=0-1, 3-4 ,,",
    [
      [0, 2],
      [3, 5],
    ],
  ],
  [
    "bytes=1-1,-0",
    [
      [1, 2],
      [10, 10],
    ],
  ],
  ["bytes=0-1,20-30", [[0, 2]]],
  ["bytes=0-9,0-9", []],
  ["bytes=0-5,5-9", []],
  ["bytes=10-", "outside"],
  ["bytes=20-,30-", "outside"],
  ["bytes=5-3", "malformed"],
  ["bytes=-", "malformed"],
  ["bytes=--1", "malformed"],
  ["bytes=a-b", "malformed"],
  ["bytes=0-1,a", "malformed"],
  ["bytes = 0-1", "malformed"],
  ["Bytes=0-1", "malformed"],
  ["lines=1-2", "malformed"],
  ["0-1", "malformed"],
  ["bytes=0-99999999999999999999", "malformed"],
  ["bytes=99999999999999999999-", "malformed"],
] as const)("%p of a ten-byte file is %p", (header, expected) => {
  const ranges = readRanges(header, 10);
  expect(typeof ranges === "string" ? ranges : ranges.map(({ start, end }) => [start, end])).toEqual(expected as never);
});

test("of an empty file, everything is served unless the header is malformed", () => {
  expect(readRanges("bytes=0-3", 0)).toEqual([]);
  expect(readRanges("bytes=-0", 0)).toEqual([{ start: 0, end: 0 }]);
  expect(readRanges("bytes=3-0", 0)).toEqual([]);
  expect(readRanges("bytes=a", 0)).toBe("malformed");
});

test("ranges are inside the file, and never more than it", () => {
  const header = array(tuple(nat(30), nat(30)), { maxLength: 5 }).map(
    (ranges) => `bytes=${ranges.map(([a, b]) => `${a}-${b}`).join()}`,
  );
  assert(
    property(header, nat(20), (text, size) => {
      const ranges = readRanges(text, size);
      if (typeof ranges === "string") return;
      for (const { start, end } of ranges) {
        expect(start).toBeGreaterThanOrEqual(0);
        expect(end).toBeGreaterThan(start);
        expect(end).toBeLessThanOrEqual(size);
      }
      expect(ranges.reduce((sum, { start, end }) => sum + end - start, 0)).toBeLessThanOrEqual(size);
    }),
  );
});

/** PocketBase serves them all. RFC 9110 allows to ignore many small ranges. */
test("of a hundred ranges each is served, of more the whole file", () => {
  const some = (count: number): string =>
    `bytes=${Array.from({ length: count }, (_, i) => `${i * 2}-${i * 2}`).join()}`;
  expect(readRanges(some(100), 10_000)).toHaveLength(100);
  expect(readRanges(some(101), 10_000)).toEqual([]);
});
