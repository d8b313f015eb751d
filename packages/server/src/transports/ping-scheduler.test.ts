import { expect, test } from "bun:test";
import { PingScheduler, type Pingable } from "./ping-scheduler.ts";

/** Connections that note when they are pinged and when they expire. */
function openConnections(size: number) {
  const pinged: Pingable[] = [];
  const expired: Pingable[] = [];
  const all = Array.from({ length: size }, () => {
    const connection: Pingable = {
      ping: () => void pinged.push(connection),
      expire: () => void expired.push(connection),
    };
    return connection;
  });
  return { all, pinged, expired };
}

test("a silent connection is pinged and expires if it does not answer; one that answers is pinged again later", () => {
  const pings = new PingScheduler({ pingMs: 10_000, pongMs: 3_000 });
  const { all, pinged, expired } = openConnections(2);
  const [lively, dead] = all as [Pingable, Pingable];
  for (const connection of all) pings.heardFrom(connection, 0);
  pings.tick(9_999);
  expect(pinged).toEqual([]);
  for (const now of [10_000, 11_000]) pings.tick(now);
  expect(pinged).toEqual([lively, dead]);
  pings.heardFrom(lively, 11_500);
  pings.tick(13_999);
  expect(expired).toEqual([]);
  pings.tick(14_000);
  expect(expired).toEqual([dead]);
  for (let now = 14_500; now < 21_500; now += 500) pings.tick(now);
  expect(pinged).toHaveLength(2);
  pings.tick(21_500);
  expect(pinged).toEqual([lively, dead, lively]);
  expect(expired).toEqual([dead]);
});

test("a removed connection is neither pinged nor expired", () => {
  const pings = new PingScheduler({ pingMs: 10_000, pongMs: 3_000 });
  const { all, pinged, expired } = openConnections(2);
  for (const connection of all) pings.heardFrom(connection, 0);
  pings.remove(all[0]!);
  pings.tick(10_000);
  pings.remove(all[1]!);
  pings.tick(99_000);
  expect([pinged.length, expired.length]).toEqual([1, 0]);
});

test("connections that open together are all pinged, spread over time", () => {
  const pings = new PingScheduler({ pingMs: 10_000, pongMs: 3_000 });
  const { all, pinged, expired } = openConnections(1_000);
  for (const connection of all) pings.heardFrom(connection, 0);
  const perSecond: number[] = [];
  for (let now = 1_000; now <= 20_000; now += 1_000) {
    const before = pinged.length;
    pings.tick(now);
    for (const connection of pinged.slice(before)) pings.heardFrom(connection, now);
    perSecond.push(pinged.length - before);
  }
  expect(Math.max(...perSecond)).toBe(200);
  expect(new Set(pinged.slice(0, 1_000)).size).toBe(1_000);
  expect(expired).toEqual([]);
});
