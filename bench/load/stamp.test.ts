import { expect, test } from "bun:test";
import { findStamps, formatStamp, type Stamp } from "./stamp.ts";

function stampsIn(text: string): Stamp[] {
  const stamps: Stamp[] = [];
  expect(findStamps(text, (stamp) => stamps.push(stamp))).toBe(stamps.length);
  return stamps;
}

test("a stamp is found in the event that carries it, and each where there are several", () => {
  const [one, two] = [
    { index: 12, at: 1795252908709.742 },
    { index: 13, at: 1795252908710 },
  ];
  const title = formatStamp(one);
  const event = `id:abc.7\nevent:notes/*\ndata:{"record":{"id":"n2t7n0000000000","title":"${title}"},"action":"create"}`;
  expect(stampsIn(event)).toEqual([one]);
  expect(stampsIn(`data: {"delta": "${formatStamp(one)}${formatStamp(two)}"}`)).toEqual([one, two]);
});

test("an event without a stamp has none", () => {
  expect(stampsIn('event:PB_CONNECT\ndata:{"clientId":"abc"}')).toEqual([]);
  expect(stampsIn("data: n=5")).toEqual([]);
});
