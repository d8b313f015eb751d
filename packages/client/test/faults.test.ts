import { expect, setDefaultTimeout, test } from "bun:test";
import type { Realtime } from "../src/realtime/realtime.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { FaultyNetwork, NO_FAULTS } from "./support/faulty-network.ts";
import { ModelServer } from "./support/model-server.ts";
import { seededMathRandom } from "@headwater/testing/lib/seeded-random.ts";
import {
  randomFaults,
  startFollower,
  type Follower,
  findViolation,
  unsubscribe,
  createSimulatedRealtime,
  RECORDS,
  repeat,
  TOPICS,
} from "./support/simulation.ts";

setDefaultTimeout(300_000);

const SCHEDULES = Number(process.env["HEADWATER_CLIENT_SCHEDULES"] ?? 1_500);
const SEED = Number(process.env["HEADWATER_SEED"] ?? Date.now() % 1e9);
const STEPS = 40;

/** One run of random writes, faults and subscriptions, then time without faults, then the check. */
async function runSchedule(
  seed: number,
  lossy: boolean,
): Promise<{ readonly problem?: string; readonly stats: Realtime["stats"] }> {
  const random = seededMathRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const clock = new FakeClock();
  const server = new ModelServer(clock);
  const network = new FaultyNetwork(server, clock, random);
  const realtime = createSimulatedRealtime(clock, network, random);
  const followers: Follower[] = [startFollower(realtime, "items/*", server.cursor)];
  network.faults = randomFaults(random);

  const actions: readonly (readonly [weight: number, run: () => void])[] = [
    [12, () => repeat(1 + Math.floor(random() * 8), () => server.write(pick(RECORDS)))],
    [3, () => followers.push(startFollower(realtime, pick(TOPICS), pick([server.cursor, pick(followers).since])))],
    [2, () => unsubscribe(pick(followers))],
    [2, () => network.cutAll()],
    [1, () => clock.sleep(random() * 300_000)],
    [1, () => (network.faults = randomFaults(random))],
    [lossy ? 1 : 0, () => server.trim(Math.floor(random() * 10))],
    [lossy ? 0.5 : 0, () => server.restore()],
    [lossy ? 2 : 0, () => server.write(pick(RECORDS), true)],
  ];
  const total = actions.reduce((sum, [weight]) => sum + weight, 0);
  for (let step = 0; step < STEPS; step += 1) {
    let at = random() * total;
    const action = actions.find(([weight]) => (at -= weight) < 0);
    action?.[1]();
    await clock.pass(random() < 0.2 ? random() * 40_000 : random() * 400);
  }
  network.faults = NO_FAULTS;
  await clock.pass(200_000);
  server.write("a");
  await clock.pass(60_000);
  const problem = followers.map((follower) => findViolation(follower, server)).find((found) => found !== undefined);
  const { stats } = realtime;
  realtime.close();
  return problem === undefined ? { stats } : { problem, stats };
}

for (const [name, lossy] of [
  ["every subscription gets every change once and in order", false],
  [
    "subscriptions get a resync if the log was trimmed or replaced or visibility changed, and every change after it",
    true,
  ],
] as const) {
  test(`in ${SCHEDULES} runs with random faults, ${name} (HEADWATER_SEED=${SEED})`, async () => {
    let [events, reconnects, resyncs] = [0, 0, 0];
    for (let i = 0; i < SCHEDULES; i += 1) {
      const { problem, stats } = await runSchedule(SEED + i, lossy);
      if (problem !== undefined) throw new Error(`HEADWATER_SEED=${SEED + i} HEADWATER_CLIENT_SCHEDULES=1: ${problem}`);
      events += stats.events;
      reconnects += stats.reconnects;
      resyncs += stats.resyncs;
    }
    // The runs contained enough events and faults.
    expect(events).toBeGreaterThan(SCHEDULES * 10);
    expect(reconnects).toBeGreaterThan(SCHEDULES);
    if (lossy && SCHEDULES > 100) expect(resyncs).toBeGreaterThan(SCHEDULES / 10);
    if (!lossy) expect(resyncs).toBe(0);
  });
}
