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
  const tally = new Tally({ subscribers: SUBSCRIBERS, count: 1 });
  for (const [subscriber, index] of deliveries) tally.add(subscriber, { index, at: now() - 5 });
  return tally;
}

test("each event once for each subscriber is exact", () => {
  const { delivered, exact, p50 } = tallyOf(() => undefined).result(EVENTS);
  expect({ delivered, exact }).toEqual({ delivered: 12, exact: true });
  expect(p50).toBeGreaterThanOrEqual(5);
});

test("a lost event is not exact", () => {
  const tally = tallyOf((deliveries) => void deliveries.pop());
  expect(tally.result(EVENTS)).toMatchObject({ delivered: 11, exact: false });
});

test("an event twice in place of another is not exact", () => {
  const tally = tallyOf((deliveries) => (deliveries[3]![1] = deliveries[0]![1]));
  expect(tally.result(EVENTS)).toMatchObject({ delivered: 12, exact: false });
});

test("the goal is reached with the delivery that makes it, and not before", async () => {
  const tally = new Tally({ subscribers: 1, count: 1 });
  let reached = false;
  const goal = tally.reached(2).then(() => (reached = true));
  tally.add(0, { index: 0, at: now() });
  await Promise.resolve();
  expect(reached).toBe(false);
  tally.add(0, { index: 1, at: now() });
  await goal;
  await tally.reached(1);
});
