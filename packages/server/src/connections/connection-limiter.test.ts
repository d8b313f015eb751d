import { expect, test } from "bun:test";
import { AddressGroups } from "./address-group.ts";
import { ConnectionLimiter } from "./connection-limiter.ts";

test("the limit per address applies to each address on its own", () => {
  const limiter = new ConnectionLimiter({ total: 0, perAddress: 2 }, new AddressGroups(true));
  for (const address of ["10.0.0.1", "10.0.0.1", "10.0.0.2"]) limiter.add(address);
  expect(limiter.reachedLimit("10.0.0.1")).toBe("address");
  expect(limiter.reachedLimit("10.0.0.2")).toBeUndefined();
  limiter.remove("10.0.0.1");
  expect(limiter.reachedLimit("10.0.0.1")).toBeUndefined();
});

test("the total counts all addresses and is checked first", () => {
  const limiter = new ConnectionLimiter({ total: 2, perAddress: 1 }, new AddressGroups(true));
  for (const address of ["10.0.0.1", "10.0.0.2"]) limiter.add(address);
  expect([limiter.reachedLimit("10.0.0.1"), limiter.reachedLimit("10.0.0.3")]).toEqual(["total", "total"]);
  limiter.remove("10.0.0.2");
  expect([limiter.reachedLimit("10.0.0.1"), limiter.reachedLimit("10.0.0.3")]).toEqual(["address", undefined]);
  expect(limiter.size).toBe(1);
});

test("0 is no limit", () => {
  const limiter = new ConnectionLimiter({ total: 0, perAddress: 0 }, new AddressGroups(true));
  for (let i = 0; i < 10_000; i += 1) limiter.add("10.0.0.1");
  expect(limiter.reachedLimit("10.0.0.1")).toBeUndefined();
});

test("addresses that may be a proxy's have no limit of their own", () => {
  const limiter = new ConnectionLimiter({ total: 4, perAddress: 1 }, new AddressGroups(false));
  for (let i = 0; i < 3; i += 1) limiter.add("127.0.0.1");
  limiter.add("8.8.8.8");
  limiter.remove("127.0.0.1");
  expect(limiter.reachedLimit("127.0.0.1")).toBeUndefined();
  expect(limiter.reachedLimit("8.8.8.8")).toBe("address");
});
