import { expect, test } from "bun:test";
import { KeyedQueue } from "./keyed-queue.ts";

test("works of a lane follow each other, others do not wait for them, and nothing is left behind", async () => {
  const lanes = new KeyedQueue();
  const seen: string[] = [];
  const first = Promise.withResolvers<void>();
  const works = [
    lanes.run("a", async () => {
      await first.promise;
      seen.push("a1");
      throw new Error("a1 failed");
    }),
    lanes.run("a", async () => void seen.push("a2")),
    lanes.run("b", async () => void seen.push("b1")),
  ];
  const done = Promise.allSettled(works);
  await works[2];
  expect(seen).toEqual(["b1"]);
  first.resolve();
  expect((await done).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  expect(seen).toEqual(["b1", "a1", "a2"]);
  expect(lanes.size).toBe(0);
});

test("behind a work that hangs no more than a few wait, and other lanes go on", async () => {
  const lanes = new KeyedQueue(3);
  const hanging = Promise.withResolvers<string>();
  const works = [hanging.promise, Promise.resolve("second"), Promise.resolve("third")].map((result) =>
    lanes.run("a", () => result),
  );
  const refused = lanes.run("a", async () => "too many");
  expect(await refused.catch((error: unknown) => error)).toMatchObject({ status: 429 });
  expect(await lanes.run("b", async () => "other")).toBe("other");
  hanging.resolve("first");
  expect(await Promise.all(works)).toEqual(["first", "second", "third"]);
  expect(await lanes.run("a", async () => "again")).toBe("again");
  expect(lanes.size).toBe(0);
});
