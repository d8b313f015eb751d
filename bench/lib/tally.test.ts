import { expect, test } from "bun:test";
import { now } from "./clock.ts";
import { Tally } from "./tally.ts";

const SUBSCRIBERS = 3;
const EVENTS = 4;

/** A phase in which everything arrives, but for what is changed. */
function tallyOf(change: (deliveries: [subscriber: number, index: number][]) => void): Tally {
  const deliveries = Array.from({ length: SUBSCRIBERS * EVENTS }, (_, turn): [number, number] => [
    turn % SUBSCRIBERS,
    Math.floor(turn / SUBSCRIBERS),
  ]);
  change(deliveries);
  const tally = new Tally(SUBSCRIBERS, EVENTS);
  for (const [subscriber, index] of deliveries) tally.add(subscriber, { index, at: now() - 5 });
  return tally;
}

test("each event once for each subscriber is exact", () => {
  const tally = tallyOf(() => undefined);
  expect(tally.complete).toBe(true);
  const { delivered, exact, p50 } = tally.result();
  expect({ delivered, exact }).toEqual({ delivered: 12, exact: true });
  expect(p50).toBeGreaterThanOrEqual(5);
});

test("a lost event is not exact, and the tally is not complete", () => {
  const tally = tallyOf((deliveries) => void deliveries.pop());
  expect(tally.complete).toBe(false);
  expect(tally.result()).toMatchObject({ delivered: 11, exact: false });
});

test("an event twice in place of another is not exact", () => {
  const tally = tallyOf((deliveries) => (deliveries[3]![1] = deliveries[0]![1]));
  expect(tally.result()).toMatchObject({ delivered: 12, exact: false });
});
