import { expect, test } from "bun:test";
import { cursorProblem } from "./cursor-problem.ts";

const BOUNDS = { epoch: "e", head: 9, trimmedTo: 4 };

test.each([
  ["the oldest seq that is still complete", { epoch: "e", seq: 4 }, undefined],
  ["the head", { epoch: "e", seq: 9 }, undefined],
  ["a seq that was trimmed", { epoch: "e", seq: 3 }, "expired"],
  ["a seq that was never written", { epoch: "e", seq: 10 }, "unknown"],
  ["any seq of another epoch", { epoch: "other", seq: 5 }, "epoch"],
] as const)("a cursor at %s", (_at, cursor, problem) => {
  expect(cursorProblem(cursor, BOUNDS)).toBe(problem);
});
