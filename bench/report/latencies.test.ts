import { expect, test } from "bun:test";
import { Latencies } from "./latencies.ts";

test("percentiles keep three significant digits", () => {
  const latencies = new Latencies();
  for (let i = 1; i <= 1000; i += 1) latencies.add(i / 10);
  for (const p of [1, 50, 99]) expect(Math.abs(latencies.percentile(p) - p)).toBeLessThan(p / 500);
});

test("an empty histogram has no percentile, and a negative latency counts as 0", () => {
  const latencies = new Latencies();
  expect(latencies.percentile(50)).toBeNaN();
  latencies.add(-3);
  expect(latencies.percentile(50)).toBe(0);
});
