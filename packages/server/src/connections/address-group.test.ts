import { expect, test } from "bun:test";
import { AddressGroups } from "./address-group.ts";
import { clientIp } from "../http/client-ip.ts";

const local = ["127.0.0.1", "::1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.0.1", "100.100.0.1", "fd00::1"];

test.each(local)("the local address %s has no group, unless local addresses are clients", (address) => {
  expect(new AddressGroups(false).of(clientIp(address))).toBeUndefined();
  expect(new AddressGroups(true).of(clientIp(address))).toBeDefined();
});

test.each(["8.8.8.8", "172.32.0.1", "100.128.0.1", "2001:db8::1"])("the public address %s has a group", (address) => {
  expect(new AddressGroups(false).of(clientIp(address))).toBeDefined();
});

test("IPv6 addresses of one /64 network are one group", () => {
  const groupOf = (address: string) => new AddressGroups(false).of(clientIp(address));
  expect(groupOf("2001:db8:0:1::1")).toBe(groupOf("2001:db8:0:1:ffff::2"));
  expect(groupOf("2001:db8:0:1::1")).not.toBe(groupOf("2001:db8:0:2::1"));
  expect(groupOf("1.2.3.4")).not.toBe(groupOf("1.2.3.5"));
});

test("a client without an address has no group", () => {
  expect(new AddressGroups(true).of("")).toBeUndefined();
});
