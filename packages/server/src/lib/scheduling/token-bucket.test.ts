import { expect, test } from "bun:test";
import { array, assert, integer, property } from "fast-check";
import { type Bucket, takeToken } from "./token-bucket.ts";

test("a burst passes at once, then the rate applies, and the wait is exact", () => {
  const bucket: Bucket = { fullAt: 0 };
  const rate = { perSecond: 10, burst: 3 };
  expect([1, 2, 3].map(() => takeToken(bucket, rate, 5_000))).toEqual([0, 0, 0]);
  expect(takeToken(bucket, rate, 5_000)).toBe(100);
  expect(takeToken(bucket, rate, 5_060)).toBe(40);
  expect(takeToken(bucket, rate, 5_100)).toBe(0);
  expect(takeToken(bucket, rate, 5_100)).toBe(100);
});

test("in any time span, no more pass than a burst plus what the rate allows", () => {
  const steps = array(integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 200 });
  assert(
    property(steps, integer({ min: 1, max: 20 }), integer({ min: 1, max: 10 }), (gaps, perSecond, burst) => {
      const bucket: Bucket = { fullAt: 0 };
      const passed: number[] = [];
      let now = 0;
      for (const gap of gaps) {
        now += gap;
        if (takeToken(bucket, { perSecond, burst }, now) === 0) passed.push(now);
      }
      for (const [i, from] of passed.entries()) {
        for (let j = i; j < passed.length; j += 1) {
          expect(j - i + 1).toBeLessThanOrEqual(burst + ((passed[j]! - from) * perSecond) / 1_000 + 1e-6);
        }
      }
    }),
  );
});
