import { expect, test } from "bun:test";
import { lazyObject } from "./lazy-object.ts";

test("a lazy object is made once, when a value is first read, and not by a copy of what holds it", () => {
  let times = 0;
  const object = lazyObject(() => {
    times += 1;
    return { a: 1, b: 2 };
  });
  const holder = { object };
  const copy = { ...holder };
  expect(times).toBe(0);
  expect(copy.object["a"]).toBe(1);
  expect(times).toBe(1);
  expect(Object.hasOwn(object, "b")).toBe(true);
  expect(Object.hasOwn(object, "c")).toBe(false);
  expect("toString" in object).toBe(true);
  expect(object["c"]).toBeUndefined();
  expect(Object.entries(object)).toEqual([
    ["a", 1],
    ["b", 2],
  ]);
  expect({ ...object }).toEqual({ a: 1, b: 2 });
  expect(times).toBe(1);
});
