import { expect, test } from "bun:test";
import { ConnectionLimiter } from "./connection-limiter.ts";

test("the limit per address applies to each address on its own", () => {
  const limiter = new ConnectionLimiter({ total: 0, perAddress: 2 });
  for (const address of ["a", "a", "b"]) limiter.add(address);
  expect(limiter.reachedLimit("a")).toBe("address");
  expect(limiter.reachedLimit("b")).toBeUndefined();
  limiter.remove("a");
  expect(limiter.reachedLimit("a")).toBeUndefined();
});

test("the total counts all addresses and is checked first", () => {
  const limiter = new ConnectionLimiter({ total: 2, perAddress: 1 });
  for (const address of ["a", "b"]) limiter.add(address);
  expect([limiter.reachedLimit("a"), limiter.reachedLimit("c")]).toEqual(["total", "total"]);
  limiter.remove("b");
  expect([limiter.reachedLimit("a"), limiter.reachedLimit("c")]).toEqual(["address", undefined]);
  expect(limiter.size).toBe(1);
});

test("0 is no limit", () => {
  const limiter = new ConnectionLimiter({ total: 0, perAddress: 0 });
  for (let i = 0; i < 10_000; i += 1) limiter.add("a");
  expect(limiter.reachedLimit("a")).toBeUndefined();
});
