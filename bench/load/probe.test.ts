import { expect, test } from "bun:test";
import { findProbes, formatProbe, type Probe } from "./probe.ts";

function probesIn(text: string): Probe[] {
  const probes: Probe[] = [];
  expect(findProbes(text, (probe) => probes.push(probe))).toBe(probes.length);
  return probes;
}

test("every probe in an event is found", () => {
  const [one, two] = [
    { index: 12, sentAt: 1795252908709.742 },
    { index: 13, sentAt: 1795252908710 },
  ];
  const title = formatProbe(one);
  const event = `id:abc.7\nevent:notes/*\ndata:{"record":{"id":"n2t7n0000000000","title":"${title}"},"action":"create"}`;
  expect(probesIn(event)).toEqual([one]);
  expect(probesIn(`data: {"delta": "${formatProbe(one)}${formatProbe(two)}"}`)).toEqual([one, two]);
});

test("an event without a complete probe has none", () => {
  expect(probesIn('event:PB_CONNECT\ndata:{"clientId":"abc"}')).toEqual([]);
  expect(probesIn("data: n=5")).toEqual([]);
});
