import { expect, test } from "bun:test";
import { clientIp } from "./client-ip.ts";

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
