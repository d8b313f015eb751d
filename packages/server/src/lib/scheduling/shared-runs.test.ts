import { expect, test } from "bun:test";
import { SharedRuns } from "./shared-runs.ts";

test("calls that come while a run is under way share the next one, and other keys don't wait", async () => {
  const started: string[] = [];
  const ends: (() => void)[] = [];
  const runs = new SharedRuns<number>(async (key) => {
    started.push(key);
    await new Promise<void>((resolve) => ends.push(resolve));
    return started.length;
  });
  const first = runs.run("a");
  const [second, third, other] = [runs.run("a"), runs.run("a"), runs.run("b")];
  expect(started).toEqual(["a", "b"]);
  ends.forEach((end) => end());
  await Promise.all([first, other]);
  await Promise.resolve();
  while (started.length < 3) await Promise.resolve();
  const fourth = runs.run("a");
  ends.at(-1)!();
  expect(await Promise.all([second, third])).toEqual([3, 3]);
  while (started.length < 4) await Promise.resolve();
  ends.at(-1)!();
  expect(await fourth).toBe(4);
  expect(started).toEqual(["a", "b", "a", "a"]);
  expect(runs.size).toBe(0);
});

test("a run that fails rejects every caller that shares it, and the next one starts", async () => {
  let count = 0;
  const runs = new SharedRuns<number>(async () => {
    count += 1;
    if (count === 1) throw new Error("once");
    return count;
  });
  const results = await Promise.allSettled([runs.run("a"), runs.run("a"), runs.run("a")]);
  expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(count).toBe(2);
  expect(runs.size).toBe(0);
});
