import { expect, test } from "bun:test";
import { PingScheduler, type Pulsing } from "./ping-scheduler.ts";

/** Connections that note when they are pinged and given up. */
function crowd(size: number) {
  const pinged: Pulsing[] = [];
  const expired: Pulsing[] = [];
  const all = Array.from({ length: size }, () => {
    const connection: Pulsing = {
      ping: () => void pinged.push(connection),
      expire: () => void expired.push(connection),
    };
    return connection;
  });
  return { all, pinged, expired };
}

test("who says nothing is pinged, and given up when it does not answer; who answers is pinged again later", () => {
  const pulse = new PingScheduler({ pingMs: 10_000, pongMs: 3_000 });
  const { all, pinged, expired } = crowd(2);
  const [lively, dead] = all as [Pulsing, Pulsing];
  for (const connection of all) pulse.alive(connection, 0);
  pulse.look(9_999);
  expect(pinged).toEqual([]);
  for (const now of [10_000, 11_000]) pulse.look(now);
  expect(pinged).toEqual([lively, dead]);
  pulse.alive(lively, 11_500);
  pulse.look(13_999);
  expect(expired).toEqual([]);
  pulse.look(14_000);
  expect(expired).toEqual([dead]);
  for (let now = 14_500; now < 21_500; now += 500) pulse.look(now);
  expect(pinged).toHaveLength(2);
  pulse.look(21_500);
  expect(pinged).toEqual([lively, dead, lively]);
  expect(expired).toEqual([dead]);
});

test("who leaves is neither pinged nor given up", () => {
  const pulse = new PingScheduler({ pingMs: 10_000, pongMs: 3_000 });
  const { all, pinged, expired } = crowd(2);
  for (const connection of all) pulse.alive(connection, 0);
  pulse.leave(all[0]!);
  pulse.look(10_000);
  pulse.leave(all[1]!);
  pulse.look(99_000);
  expect([pinged.length, expired.length]).toEqual([1, 0]);
});

test("those who came in one instant are pinged over time, all of them, and more so the next time", () => {
  const pulse = new PingScheduler({ pingMs: 10_000, pongMs: 3_000 });
  const { all, pinged, expired } = crowd(1_000);
  for (const connection of all) pulse.alive(connection, 0);
  const perSecond: number[] = [];
  for (let now = 1_000; now <= 20_000; now += 1_000) {
    const before = pinged.length;
    pulse.look(now);
    for (const connection of pinged.slice(before)) pulse.alive(connection, now);
    perSecond.push(pinged.length - before);
  }
  expect(Math.max(...perSecond)).toBe(200);
  expect(new Set(pinged.slice(0, 1_000)).size).toBe(1_000);
  expect(expired).toEqual([]);
});
