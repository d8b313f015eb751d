import { expect, setDefaultTimeout, test } from "bun:test";
import { parseCursor } from "@headwater/protocol";
import { Api } from "../src/api.ts";
import { BACKOFF } from "../src/connection/backoff.ts";
import { Http } from "../src/http.ts";
import { patience } from "../src/patience.ts";
import type { SubscriptionEvent } from "../src/realtime/events.ts";
import { Realtime } from "../src/realtime/realtime.ts";
import type { Subscription } from "../src/realtime/subscription.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { type Faults, FaultyNetwork, NO_FAULTS } from "./support/faulty-network.ts";
import { isAbout, type ModelChange, ModelServer } from "./support/model-server.ts";
import { seeded } from "./support/random.ts";

setDefaultTimeout(300_000);

const SCHEDULES = Number(process.env["HEADWATER_CLIENT_SCHEDULES"] ?? 1_500);
const SEED = Number(process.env["HEADWATER_SEED"] ?? Date.now() % 1e9);
const STEPS = 40;
const RECORDS = ["a", "b", "c"];

type Item = SubscriptionEvent<{ readonly id: string; readonly seq: number }>;

/** A subscription, where it began, and all that it was told. */
interface Follower {
  readonly topic: string;
  readonly since: string;
  readonly events: Item[];
  readonly subscription: Subscription<Item>;
  left: boolean;
}

function makeRealtime(clock: FakeClock, network: FaultyNetwork, random: () => number): Realtime {
  const http = new Http({
    url: "http://model",
    clock,
    fetch: () => Promise.reject(new Error("there is no HTTP here")),
  });
  const guest = {
    token: () => Promise.resolve(""),
    renew: () => Promise.resolve(false),
    onToken: () => () => undefined,
  };
  const limits = { ...BACKOFF, connectMs: 15_000, stableMs: 5_000, quietMs: 0 };
  const api = new Api(http, guest, patience(clock, random, limits));
  const environment = (): (() => void) => () => undefined;
  return new Realtime({ api, transport: network, environment, random, limits, strict: true, quietMs: undefined });
}

function follow(realtime: Realtime, topic: string, since: string): Follower {
  const id = topic.split("/")[1]!;
  const options = { since, check: false, capacity: 100_000 } as const;
  const subscription = realtime.follow<{ readonly id: string; readonly seq: number }>("items", id, options);
  const events: Item[] = [];
  subscription.forEach((event) => events.push(event));
  return { topic, since, events, subscription, left: false };
}

/**
 * What was told must be all of the log that the topic is about, from where it began, in order and once; a `resync` is a new
 * beginning. @returns what is wrong
 */
function judge({ topic, since, events, left }: Follower, server: ModelServer): string | undefined {
  let place = parseCursor(since)!;
  const after = (): ModelChange | undefined =>
    server.logs
      .get(place.epoch)!
      .find(({ seq, record, moves }) => seq > place.seq && (moves || isAbout(topic, record)));
  for (const [i, event] of events.entries()) {
    const cursor = parseCursor(event.cursor ?? "");
    if (!cursor) return `event ${i} of ${topic} has no cursor`;
    if (event.action !== "resync") {
      const next = after();
      if (cursor.epoch !== place.epoch || next?.seq !== cursor.seq || !isAbout(topic, next.record))
        return `event ${i} of ${topic} is ${event.cursor}, but what comes next is ${place.epoch}.${next?.seq}`;
      if (event.action === "leave" || event.record.seq !== cursor.seq)
        return `event ${i} of ${topic} has another change's record`;
    }
    place = cursor;
  }
  if (left) return undefined;
  if (place.epoch !== server.epoch) return `${topic} is still in another life of the log`;
  const missed = after();
  return missed && `${topic} never heard of ${missed.seq}`;
}

/** One run: writes, faults, subscriptions that come and go; then calm, and the reckoning. */
async function runSchedule(
  seed: number,
  lossy: boolean,
): Promise<{ readonly problem?: string; readonly stats: Realtime["stats"] }> {
  const random = seeded(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const clock = new FakeClock();
  const server = new ModelServer(clock);
  const network = new FaultyNetwork(server, clock, random);
  const realtime = makeRealtime(clock, network, random);
  const followers: Follower[] = [follow(realtime, "items/*", server.cursor)];
  const topics = ["items/*", ...RECORDS.map((record) => `items/${record}`)];
  network.faults = drawFaults(random);

  const acts: readonly (readonly [weight: number, act: () => void])[] = [
    [12, () => repeat(1 + Math.floor(random() * 8), () => server.write(pick(RECORDS)))],
    [3, () => followers.push(follow(realtime, pick(topics), pick([server.cursor, pick(followers).since])))],
    [2, () => leave(pick(followers))],
    [2, () => network.cutAll()],
    [1, () => clock.sleep(random() * 300_000)],
    [1, () => (network.faults = drawFaults(random))],
    [lossy ? 1 : 0, () => server.trim(Math.floor(random() * 10))],
    [lossy ? 0.5 : 0, () => server.restore()],
    [lossy ? 2 : 0, () => server.write(pick(RECORDS), true)],
  ];
  const total = acts.reduce((sum, [weight]) => sum + weight, 0);
  for (let step = 0; step < STEPS; step += 1) {
    let at = random() * total;
    const act = acts.find(([weight]) => (at -= weight) < 0);
    act?.[1]();
    await clock.pass(random() < 0.2 ? random() * 40_000 : random() * 400);
  }
  network.faults = NO_FAULTS;
  await clock.pass(200_000);
  server.write("a");
  await clock.pass(60_000);
  const problem = followers.map((follower) => judge(follower, server)).find((found) => found !== undefined);
  const { stats } = realtime;
  realtime.close();
  return problem === undefined ? { stats } : { problem, stats };
}

function leave(follower: Follower): void {
  follower.left = true;
  void follower.subscription.unsubscribe();
}

/** Some runs are calm but for one kind of fault, some have all of them. */
function drawFaults(random: () => number): Faults {
  const chance = (most: number): number => (random() < 0.5 ? 0 : random() * most);
  return {
    refuseConnect: chance(0.6),
    neverGreet: chance(0.2),
    loseRequest: chance(0.4),
    loseAnswer: chance(0.4),
    busy: chance(0.4),
    forget: chance(0.2),
    cutAtFrame: chance(0.3),
    stallAtFrame: chance(0.1),
    delayMs: random() < 0.5 ? 5 : random() * 3_000,
  };
}

function repeat(times: number, run: () => void): void {
  for (let i = 0; i < times; i += 1) run();
}

for (const [name, lossy] of [
  ["every subscription hears every change once, in the order of the log", false],
  [
    "where the log was trimmed or replaced, or can't say what moved, it is told so, and hears everything from there",
    true,
  ],
] as const) {
  test(`through ${SCHEDULES} schedules of faults, ${name} (HEADWATER_SEED=${SEED})`, async () => {
    let [events, reconnects, resyncs] = [0, 0, 0];
    for (let i = 0; i < SCHEDULES; i += 1) {
      const { problem, stats } = await runSchedule(SEED + i, lossy);
      if (problem !== undefined) throw new Error(`HEADWATER_SEED=${SEED + i} HEADWATER_CLIENT_SCHEDULES=1: ${problem}`);
      events += stats.events;
      reconnects += stats.reconnects;
      resyncs += stats.resyncs;
    }
    // The schedules did what they are for.
    expect(events).toBeGreaterThan(SCHEDULES * 10);
    expect(reconnects).toBeGreaterThan(SCHEDULES);
    if (lossy && SCHEDULES > 100) expect(resyncs).toBeGreaterThan(SCHEDULES / 10);
    if (!lossy) expect(resyncs).toBe(0);
  });
}
