import { expect, test } from "bun:test";
import { PromiseCache } from "./promise-cache.ts";

test("an answer is found out once for all who ask, and again after it failed", async () => {
  const shared = new PromiseCache<string>(10, 100, (answer) => answer.length);
  let asked = 0;
  const find = async (): Promise<string> => {
    asked += 1;
    if (asked === 1) throw new Error("not yet");
    return "found";
  };
  const first = [shared.get("a", find), shared.get("a", find)];
  expect((await Promise.allSettled(first)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  expect(await Promise.all([shared.get("a", find), shared.get("a", find)])).toEqual(["found", "found"]);
  expect(asked).toBe(2);
  shared.clear();
  await shared.get("a", find);
  expect(asked).toBe(3);
});

test("answers are kept while there is room for them", async () => {
  const shared = new PromiseCache<string>(10, 100, (answer) => answer.length);
  const asked: string[] = [];
  const ask = (key: string, size: number): Promise<string> =>
    shared.get(key, async () => {
      asked.push(key);
      return "x".repeat(size);
    });
  for (const key of ["a", "b", "c"]) await ask(key, 40);
  await ask("huge", 101);
  for (const key of ["b", "c", "a", "huge"]) await ask(key, 40);
  expect(asked).toEqual(["a", "b", "c", "huge", "a", "huge"]);
});
