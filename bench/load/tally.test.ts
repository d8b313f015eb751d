import { expect, test } from "bun:test";
import { now } from "./clock.ts";
import { Tally } from "./tally.ts";

const SUBSCRIBERS = 3;
const EVENTS = 4;

/** A phase in which everything arrives, except for what `change` alters. */
function tallyOf(change: (deliveries: [subscriber: number, index: number][]) => void): Tally {
  const deliveries = Array.from({ length: SUBSCRIBERS * EVENTS }, (_, i): [number, number] => [
    i % SUBSCRIBERS,
    Math.floor(i / SUBSCRIBERS),
  ]);
  change(deliveries);
  const tally = new Tally({ subscribers: SUBSCRIBERS, count: 1 });
  for (const [subscriber, index] of deliveries) tally.add(subscriber, { index, sentAt: now() - 5 });
  return tally;
}

test("a phase in which each subscriber gets each event once is exact", () => {
  const { delivered, exact, p50 } = tallyOf(() => undefined).result(EVENTS);
  expect({ delivered, exact }).toEqual({ delivered: 12, exact: true });
  expect(p50).toBeGreaterThanOrEqual(5);
});

test("a phase with a lost event is not exact", () => {
  const tally = tallyOf((deliveries) => void deliveries.pop());
  expect(tally.result(EVENTS)).toMatchObject({ delivered: 11, exact: false });
});

test("a phase with one event duplicated and another lost is not exact", () => {
  const tally = tallyOf((deliveries) => (deliveries[3]![1] = deliveries[0]![1]));
  expect(tally.result(EVENTS)).toMatchObject({ delivered: 12, exact: false });
});

test("reached() resolves with the last awaited delivery, not before", async () => {
  const tally = new Tally({ subscribers: 1, count: 1 });
  let reached = false;
  const goal = tally.reached(2).then(() => (reached = true));
  tally.add(0, { index: 0, sentAt: now() });
  await Promise.resolve();
  expect(reached).toBe(false);
  tally.add(0, { index: 1, sentAt: now() });
  await goal;
  await tally.reached(1);
});
