import { expect, test } from "bun:test";
import { TurnLimiter } from "./turn-limiter.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a single caller passes at once", async () => {
  const limiter = new TurnLimiter(2, 10);
  for (let i = 0; i < 5; i += 1) {
    expect(limiter.enter()).toBe(true);
    await turn();
    await turn();
  }
});

test("of many callers a few pass per turn, in order, and those beyond the queue are refused", async () => {
  const limiter = new TurnLimiter(2, 5);
  const passed: number[] = [];
  const refused: number[] = [];
  for (let i = 0; i < 9; i += 1) {
    void Promise.resolve(limiter.enter()).then((may) => (may ? passed : refused).push(i));
  }
  await Promise.resolve();
  expect({ passed: [...passed], refused, waiting: limiter.waiting }).toEqual({
    passed: [0, 1],
    refused: [7, 8],
    waiting: 5,
  });
  const counts: number[] = [];
  while (limiter.waiting > 0) {
    await turn();
    counts.push(passed.length);
  }
  await turn();
  expect(passed).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(counts.map((count, i) => count - (counts[i - 1] ?? 2)).every((each) => each <= 2)).toBe(true);
});

test("a later caller does not overtake those in the queue", async () => {
  const limiter = new TurnLimiter(1, 10);
  const passed: string[] = [];
  const enter = (name: string) => Promise.resolve(limiter.enter()).then(() => passed.push(name));
  const all = [enter("a"), enter("b"), enter("c")];
  await turn();
  all.push(enter("d"));
  await Promise.all(all);
  expect(passed).toEqual(["a", "b", "c", "d"]);
});
