import { describe, expect, test } from "bun:test";
import { clientIp, forwardedIp } from "./client-ip.ts";

test.each([
  [undefined, ""],
  ["127.0.0.1", "127.0.0.1"],
  ["::ffff:10.0.0.1", "10.0.0.1"],
  ["::1", "0000:0000:0000:0000:0000:0000:0000:0001"],
  ["2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001"],
  ["FE80::1%eth0", "fe80:0000:0000:0000:0000:0000:0000:0001"],
  ["1:2:3:4:5:6:7:8", "0001:0002:0003:0004:0005:0006:0007:0008"],
])("%p is written as %p", (address, expected) => {
  expect(clientIp(address)).toBe(expected);
});

describe("an address from a proxy's header", () => {
  const from = (headers: Record<string, string>, names = ["x-forwarded-for"], useLeftmostIP = false) =>
    forwardedIp(new Headers(headers), { headers: names, useLeftmostIP });

  test("is never in a header without a name that can be sent", () => {
    expect(from({ "x-real": "1.2.3.4" }, ["", "a b", "ž", "x-real"])).toBe("1.2.3.4");
  });

  test("is the first one if the leftmost is asked for", () => {
    expect(from({ "x-forwarded-for": "junk, 9.9.9.9, 1.2.3.4" }, undefined, true)).toBe("9.9.9.9");
  });

  // Recorded from PocketBase with `trustedProxy.headers`.
  test.each([
    ["1.2.3.4", "1.2.3.4"],
    ["9.9.9.9, 1.2.3.4", "1.2.3.4"],
    ["1.2.3.4, junk", "1.2.3.4"],
    [", 1.2.3.4 ,", "1.2.3.4"],
    ["2001:db8::1", "2001:0db8:0000:0000:0000:0000:0000:0001"],
    ["junk", undefined],
    ["1.2.3.4:5555", undefined],
    ["[2001:db8::1]:44", undefined],
    ["", undefined],
  ])("is the last that is readable: %p gives %p", (header, expected) => {
    expect(from({ "X-Forwarded-For": header })).toBe(expected);
  });

  test("is in the first header that has one, and never in others", () => {
    const headers = { "x-real-ip": "1.1.1.1", "cf-connecting-ip": "2.2.2.2" };
    expect(from(headers, ["fly-client-ip", "cf-connecting-ip", "x-real-ip"])).toBe("2.2.2.2");
    expect(from(headers, [])).toBeUndefined();
  });
});
