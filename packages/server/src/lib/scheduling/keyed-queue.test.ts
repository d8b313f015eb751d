import { expect, test } from "bun:test";
import { KeyedQueue } from "./keyed-queue.ts";

test("jobs with the same key run one after another, others don't wait, and no queue remains", async () => {
  const queue = new KeyedQueue();
  const seen: string[] = [];
  const first = Promise.withResolvers<void>();
  const jobs = [
    queue.run("a", async () => {
      await first.promise;
      seen.push("a1");
      throw new Error("a1 failed");
    }),
    queue.run("a", async () => void seen.push("a2")),
    queue.run("b", async () => void seen.push("b1")),
  ];
  const done = Promise.allSettled(jobs);
  await jobs[2];
  expect(seen).toEqual(["b1"]);
  first.resolve();
  expect((await done).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(seen).toEqual(["b1", "a1", "a2"]);
  expect(queue.size).toBe(0);
});

test("only a few jobs may wait for one that hangs, and other keys go on", async () => {
  const queue = new KeyedQueue(3);
  const hanging = Promise.withResolvers<string>();
  const jobs = [hanging.promise, Promise.resolve("second"), Promise.resolve("third")].map((result) =>
    queue.run("a", () => result),
  );
  const refused = queue.run("a", async () => "too many");
  expect(await refused.catch((error: unknown) => error)).toMatchObject({ status: 429 });
  expect(await queue.run("b", async () => "other")).toBe("other");
  hanging.resolve("first");
  expect(await Promise.all(jobs)).toEqual(["first", "second", "third"]);
  expect(await queue.run("a", async () => "again")).toBe("again");
  expect(queue.size).toBe(0);
});
