import { expect, test } from "bun:test";
import { TurnLimiter } from "./turn-limiter.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("who comes alone passes at once", async () => {
  const turnstile = new TurnLimiter(2, 10);
  for (let i = 0; i < 5; i += 1) {
    expect(turnstile.enter()).toBe(true);
    await turn();
    await turn();
  }
});

test("of many who come at once a few pass in each turn, in the order in which they came, and beyond the line none", async () => {
  const turnstile = new TurnLimiter(2, 5);
  const passed: number[] = [];
  const refused: number[] = [];
  for (let i = 0; i < 9; i += 1) {
    void Promise.resolve(turnstile.enter()).then((may) => (may ? passed : refused).push(i));
  }
  await Promise.resolve();
  expect({ passed: [...passed], refused, waiting: turnstile.waiting }).toEqual({
    passed: [0, 1],
    refused: [7, 8],
    waiting: 5,
  });
  const counts: number[] = [];
  while (turnstile.waiting > 0) {
    await turn();
    counts.push(passed.length);
  }
  await turn();
  expect(passed).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(counts.map((count, i) => count - (counts[i - 1] ?? 2)).every((each) => each <= 2)).toBe(true);
});

test("who comes later does not pass those who wait", async () => {
  const turnstile = new TurnLimiter(1, 10);
  const passed: string[] = [];
  const enter = (name: string) => Promise.resolve(turnstile.enter()).then(() => passed.push(name));
  const all = [enter("a"), enter("b"), enter("c")];
  await turn();
  all.push(enter("d"));
  await Promise.all(all);
  expect(passed).toEqual(["a", "b", "c", "d"]);
});
