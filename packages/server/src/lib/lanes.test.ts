import { expect, test } from "bun:test";
import { Lanes } from "./lanes.ts";

test("works of a lane follow each other, others do not wait for them, and nothing is left behind", async () => {
  const lanes = new Lanes();
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
