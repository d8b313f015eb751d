import { describe, expect, test } from "bun:test";
import { Quota } from "./quota.ts";

const quota = (limits = {}): Quota<string> => new Quota({ total: 100, perKey: 40, free: 10, ...limits });

test("what is free does not count, and what is released can be used again", () => {
  const some = quota();
  expect(some.set("a", 10, ["x"])).toBeUndefined();
  expect(some.total).toBe(0);
  expect(some.set("a", 50, ["x"])).toBeUndefined();
  expect(some.total).toBe(40);
  expect(some.set("b", 11, ["x"])).toBe("key");
  some.release("a");
  expect(some.set("b", 50, ["x"])).toBeUndefined();
  expect(some.total).toBe(40);
});

test("a refusal changes nothing", () => {
  const some = quota();
  some.set("a", 30, ["x"]);
  expect(some.set("a", 51, ["x"])).toBe("key");
  expect(some.total).toBe(20);
  for (const holder of ["b", "c"]) some.set(holder, 50, [holder]);
  expect(some.set("d", 11, ["d"])).toBe("total");
  expect(some.total).toBe(100);
});

test("a holder with several keys counts for each", () => {
  const some = quota();
  some.set("a", 50, ["address", "account"]);
  expect(some.set("b", 20, ["address"])).toBe("key");
  expect(some.set("b", 20, ["account", "other"])).toBe("key");
  expect(some.set("b", 20, ["other"])).toBeUndefined();
});

test("a holder that changes its key is counted for the new one alone", () => {
  const some = quota();
  some.set("a", 50, ["x"]);
  some.set("a", 50, ["y"]);
  expect(some.set("b", 50, ["x"])).toBeUndefined();
  expect(some.set("c", 20, ["y"])).toBe("key");
});

describe("a limit of 0", () => {
  test("is no limit", () => {
    const some = quota({ total: 0, perKey: 0 });
    expect(some.set("a", 1e9, ["x"])).toBeUndefined();
  });
});

test("a holder may always have less", () => {
  const some = quota();
  some.set("a", 50, ["x"]);
  expect(some.set("a", 30, ["x"])).toBeUndefined();
  expect(some.total).toBe(20);
});
