import { expect, test } from "bun:test";
import { assert, nat, property, tuple } from "fast-check";
import { readRange } from "./byte-range.ts";

test.each([
  [null, "whole"],
  ["bytes=", "whole"],
  ["bytes= 0-3 ,", { start: 0, end: 3 }],
  ["bytes=0-0", { start: 0, end: 0 }],
  ["bytes=0-", { start: 0, end: 9 }],
  ["bytes=3-5", { start: 3, end: 5 }],
  ["bytes=3-500", { start: 3, end: 9 }],
  ["bytes=-4", { start: 6, end: 9 }],
  ["bytes=-400", { start: 0, end: 9 }],
  ["bytes=0-1,3-4", "whole"],
  ["bytes=10-", "outside"],
  ["bytes=5-3", "malformed"],
  ["bytes=-0", "outside"],
  ["bytes=-", "malformed"],
  ["bytes=a-b", "malformed"],
  ["lines=1-2", "malformed"],
] as const)("%p of a ten-byte file is %p", (header, range) => {
  expect(readRange(header, 10)).toEqual(range);
});

test("a range is always inside the file", () => {
  const header = tuple(nat(30), nat(30)).map(([a, b]) => `bytes=${a}-${b}`);
  assert(
    property(header, nat(20), (text, size) => {
      const range = readRange(text, size);
      if (typeof range === "string") return;
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.end).toBeGreaterThanOrEqual(range.start);
      expect(range.end).toBeLessThan(size);
    }),
  );
});
