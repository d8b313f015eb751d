import { expect, test } from "bun:test";
import { callAfter } from "./timers.ts";

test("a delay beyond what a timer takes does not end at once", async () => {
  const called: number[] = [];
  const delays = [2 ** 31, 30 * 86_400_000, Number.MAX_VALUE, Infinity];
  const cancels = delays.map((delay) => callAfter(delay, () => void called.push(delay)));
  await new Promise<void>((resolve) => callAfter(20, resolve));
  for (const cancel of cancels) cancel();
  expect(called).toEqual([]);
});

test("a cancelled call is not made", async () => {
  let calls = 0;
  callAfter(1, () => (calls += 1))();
  await new Promise<void>((resolve) => callAfter(5, resolve));
  expect(calls).toBe(0);
});
