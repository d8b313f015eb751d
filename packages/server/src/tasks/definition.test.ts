import { expect, test } from "bun:test";
import { UserError } from "../lib/user-error.ts";
import { backoffAfter, defineTask, toProgress } from "./definition.ts";
import { Definitions, DefinitionSet } from "./definitions.ts";

const handler = (): void => {};

test("a task runs once, and only superusers may start it, unless its options say otherwise", () => {
  expect(defineTask("a", handler)).toMatchObject({
    name: "a",
    attempts: 1,
    concurrency: 100,
    timeout: undefined,
    startRule: null,
    viewRule: "",
  });
  expect(defineTask("a", handler, { attempts: 3, startRule: "" })).toMatchObject({ attempts: 3, startRule: "" });
});

test.each([
  ["attempts", 0],
  ["concurrency", 0],
  ["backoff", -1],
  ["maxBackoff", -1],
  ["keep", -1],
  ["timeout", 0],
  ["attempts", Number.NaN],
])("%s can't be %d", (option, value) => {
  expect(() => defineTask("a", handler, { [option]: value })).toThrow(`${option} of the task "a" must be`);
});

test("the wait before a retry doubles up to its maximum", () => {
  const definition = defineTask("a", handler, { backoff: 100, maxBackoff: 350 });
  expect([1, 2, 3, 4].map((attempt) => backoffAfter(attempt, definition))).toEqual([100, 200, 350, 350]);
});

test("progress is a text with an optional share, or an object", () => {
  expect(toProgress("half", 0.5)).toEqual({ text: "half", progress: 0.5 });
  expect(toProgress("none", undefined)).toEqual({ text: "none" });
  expect(toProgress({ step: 1 }, undefined)).toEqual({ step: 1 });
  for (const share of [-0.1, 1.1, Number.NaN]) expect(() => toProgress("out of range", share)).toThrow(RangeError);
});

test("a set has one definition of each name", () => {
  const set = new DefinitionSet();
  set.add(defineTask("a", handler));
  expect(() => set.add(defineTask("a", handler))).toThrow(UserError);
});

test("the first set with a name wins, and every name that may have changed is announced", () => {
  const changed: string[] = [];
  const definitions = new Definitions((name) => void changed.push(name));
  const [first, second] = [new DefinitionSet(), new DefinitionSet()];
  const [one, two] = [defineTask("a", handler), defineTask("a", handler)];
  first.add(one);
  second.add(two);
  definitions.replace([first, second]);
  expect(definitions.find("a")).toBe(one);
  definitions.replace([second]);
  expect(definitions.find("a")).toBe(two);
  second.add(defineTask("b", handler));
  expect(changed).toEqual(["a", "a", "a", "b"]);
  expect(definitions.find("c")).toBeUndefined();
});
