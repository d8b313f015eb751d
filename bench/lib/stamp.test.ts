import { expect, test } from "bun:test";
import { findStamp, formatStamp } from "./stamp.ts";

test("a stamp is found in the event that carries it", () => {
  const title = formatStamp({ index: 12, at: 1795252908709.742 });
  const event = `id:abc.7\nevent:notes/*\ndata:{"record":{"id":"n2t7n0000000000","title":"${title}"},"action":"create"}`;
  expect(findStamp(event)).toEqual({ index: 12, at: 1795252908709.742 });
});

test("an event without a stamp has none", () => {
  expect(findStamp('event:PB_CONNECT\ndata:{"clientId":"abc"}')).toBeUndefined();
  expect(findStamp("data: n=5")).toBeUndefined();
});
