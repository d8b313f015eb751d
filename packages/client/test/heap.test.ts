import { expect, setDefaultTimeout, test } from "bun:test";
import { heapStats } from "bun:jsc";
import { FakeClock, settle } from "./support/fake-clock.ts";
import { FaultyNetwork, NO_FAULTS } from "./support/faulty-network.ts";
import { ModelServer } from "./support/model-server.ts";
import { seededMathRandom } from "@headwater/testing/lib/seeded-random.ts";
import { createSimulatedRealtime, RECORDS } from "./support/simulation.ts";

setDefaultTimeout(300_000);

const HOUR_MS = 60 * 60_000;
/** Variation in the number of the runtime's own objects. */
const NOISE = 400;

/** Number of reachable objects. */
async function liveObjects(): Promise<number> {
  for (let i = 0; i < 3; i += 1) {
    Bun.gc(true);
    await settle();
  }
  return heapStats().objectCount;
}

test("a day of reconnects, short subscriptions and events leaks no objects", async () => {
  const random = seededMathRandom(7);
  const clock = new FakeClock();
  const server = new ModelServer(clock);
  const network = new FaultyNetwork(server, clock, random);
  network.faults = { ...NO_FAULTS, refuseConnect: 0.1, loseResponse: 0.1, busy: 0.1, stallAtFrame: 0.01 };
  const realtime = createSimulatedRealtime(clock, network, random);
  let received = 0;
  realtime.follow("items", "*", { since: server.cursor, check: false }).forEach(() => (received += 1));

  const live = async (hours: number): Promise<{ readonly objects: number; readonly log: number }> => {
    for (let minute = 0; minute < hours * 60; minute += 1) {
      server.write(RECORDS[minute % RECORDS.length]!);
      const shortLived = realtime.follow("items", "a", { since: server.cursor, check: false });
      const abort = new AbortController();
      realtime.follow("items", "b", { check: false, signal: abort.signal });
      network.cutAll();
      await clock.pass(HOUR_MS / 120);
      void shortLived.unsubscribe();
      abort.abort();
      await clock.pass(HOUR_MS / 120);
    }
    return { objects: await liveObjects(), log: server.log.length };
  };
  const before = await live(2);
  const after = await live(22);
  const { reconnects, subscriptions } = realtime.stats;
  expect(reconnects).toBeGreaterThan(24 * 60);
  expect(subscriptions).toBe(1);
  expect(received).toBeGreaterThanOrEqual(24 * 60 - 2);
  // The model keeps each change; otherwise less than one object per reconnect may remain.
  expect(after.objects - before.objects - (after.log - before.log)).toBeLessThan(NOISE);
  realtime.close();
});
