import { expect, setDefaultTimeout, test } from "bun:test";
import type { Realtime } from "../src/realtime/realtime.ts";
import { sharedTransport } from "../src/tab-sharing/shared-transport.ts";
import { FakeBrowser, type FakeTab } from "./support/fake-browser.ts";
import { FakeClock } from "./support/fake-clock.ts";
import { type Faults, FaultyNetwork, NO_FAULTS } from "./support/faulty-network.ts";
import { ModelServer } from "./support/model-server.ts";
import { seededMathRandom } from "@headwater/testing/lib/seeded-random.ts";
import {
  randomFaults,
  startFollower,
  type Follower,
  GUEST,
  findViolation,
  unsubscribe,
  createSimulatedRealtime,
  RECORDS,
  repeat,
  TOPICS,
} from "./support/simulation.ts";

setDefaultTimeout(300_000);

const SCHEDULES = Number(process.env["HEADWATER_CLIENT_SCHEDULES"] ?? 1_000);
const SEED = Number(process.env["HEADWATER_SEED"] ?? Date.now() % 1e9);
const STEPS = 40;
const MOST_TABS = 4;

interface Page {
  readonly tab: FakeTab;
  readonly network: FaultyNetwork;
  readonly realtime: Realtime;
  readonly followers: Follower[];
}

/** A browser whose tabs share one connection to a model of the server. */
class TabSimulation {
  readonly clock = new FakeClock();
  readonly server = new ModelServer(this.clock);
  readonly pages: Page[] = [];
  readonly #random: () => number;
  readonly #browser: FakeBrowser;
  faults: Faults = NO_FAULTS;

  constructor(random: () => number) {
    this.#random = random;
    this.#browser = new FakeBrowser(this.clock, random);
  }

  open(): Page {
    const tab = this.#browser.tab();
    const network = new FaultyNetwork(this.server, tab.clock, this.#random);
    network.faults = this.faults;
    const { clock } = tab;
    const transport = sharedTransport({
      transport: network,
      primitives: tab,
      clock,
      identity: GUEST,
      url: "http://model",
    });
    const page: Page = {
      tab,
      network,
      realtime: createSimulatedRealtime(clock, transport, this.#random),
      followers: [],
    };
    this.pages.push(page);
    return page;
  }

  close(page: Page): void {
    page.tab.close();
    page.network.closeAll();
    this.pages.splice(this.pages.indexOf(page), 1);
  }

  setFaults(faults: Faults): void {
    this.faults = faults;
    for (const { network } of this.pages) network.faults = faults;
  }

  problem(): string | undefined {
    return this.pages
      .flatMap(({ followers }) => followers.map((one) => findViolation(one, this.server)))
      .find((found) => found);
  }
}

test("all tabs hear everything over one connection, and go on over another when the tab that holds it closes", async () => {
  const world = new TabSimulation(seededMathRandom(1));
  for (let i = 0; i < 3; i += 1) {
    const page = world.open();
    page.followers.push(startFollower(page.realtime, "items/*", world.server.cursor));
    await world.clock.pass(1_000);
    for (const record of RECORDS) world.server.write(record);
  }
  await world.clock.pass(1_000);
  expect(world.server.connections).toBe(1);
  expect(world.pages.map(({ followers }) => followers[0]!.events.length)).toEqual([9, 6, 3]);
  for (let left = 2; left >= 0; left -= 1) {
    world.close(world.pages[0]!);
    for (const record of RECORDS) world.server.write(record);
    await world.clock.pass(2_000);
    expect(world.problem()).toBeUndefined();
    expect(world.server.connections).toBe(left === 0 ? 0 : 1);
  }
});

test("who leaves takes its subscriptions along, and the last one the connection", async () => {
  const world = new TabSimulation(seededMathRandom(2));
  const [first, second] = [world.open(), world.open()];
  first.followers.push(startFollower(first.realtime, "items/*", world.server.cursor));
  await world.clock.pass(1_000);
  second.followers.push(startFollower(second.realtime, "items/a", world.server.cursor));
  await world.clock.pass(1_000);
  expect(world.server.names).toHaveLength(2);
  // The first tab holds the connection for the second.
  unsubscribe(first.followers[0]!);
  await world.clock.pass(1_000);
  expect(world.server.names).toHaveLength(1);
  world.server.write("a");
  await world.clock.pass(1_000);
  expect(second.followers[0]!.events).toHaveLength(1);
  unsubscribe(second.followers[0]!);
  await world.clock.pass(1_000);
  expect(world.server.connections).toBe(0);
});

test("a tab that holds the connection and is frozen is left for another", async () => {
  const world = new TabSimulation(seededMathRandom(3));
  const [first, second] = [world.open(), world.open()];
  for (const page of [first, second]) {
    page.followers.push(startFollower(page.realtime, "items/*", world.server.cursor));
    await world.clock.pass(1_000);
  }
  first.tab.freeze();
  world.server.write("a");
  await world.clock.pass(80_000);
  expect(second.followers[0]!.events).toHaveLength(1);
  first.tab.thaw();
  world.server.write("b");
  await world.clock.pass(20_000);
  expect(world.problem()).toBeUndefined();
  expect(world.server.connections).toBe(1);
});

/** One run: tabs that come, go and freeze, over a network and a server that do what they can to be in the way. */
async function runSchedule(
  seed: number,
  lossy: boolean,
): Promise<{ readonly problem?: string; readonly events: number }> {
  const random = seededMathRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const world = new TabSimulation(random);
  const { clock, server, pages } = world;
  const begin = (page: Page): void =>
    void page.followers.push(startFollower(page.realtime, pick(TOPICS), server.cursor));
  begin(world.open());
  world.setFaults(randomFaults(random));
  let events = 0;
  const acts: readonly (readonly [weight: number, act: () => void])[] = [
    [12, () => repeat(1 + Math.floor(random() * 8), () => server.write(pick(RECORDS)))],
    [3, () => begin(pick(pages))],
    [2, () => pages.length < MOST_TABS && begin(world.open())],
    [2, () => pages.length > 1 && world.close(pick(pages))],
    [1, () => pick(pages).tab.freeze()],
    [2, () => pick(pages).tab.thaw()],
    [2, () => unsubscribe(pick(pick(pages).followers))],
    [2, () => pick(pages).network.cutAll()],
    [1, () => clock.sleep(random() * 300_000)],
    [1, () => world.setFaults(randomFaults(random))],
    [lossy ? 1 : 0, () => server.trim(Math.floor(random() * 10))],
    [lossy ? 0.5 : 0, () => server.restore()],
    [lossy ? 2 : 0, () => server.write(pick(RECORDS), true)],
  ];
  const total = acts.reduce((sum, [weight]) => sum + weight, 0);
  for (let step = 0; step < STEPS; step += 1) {
    let at = random() * total;
    acts.find(([weight]) => (at -= weight) < 0)?.[1]();
    await clock.pass(random() < 0.2 ? random() * 40_000 : random() * 400);
  }
  for (const { tab } of pages) tab.thaw();
  world.setFaults(NO_FAULTS);
  await clock.pass(300_000);
  server.write("a");
  await clock.pass(60_000);
  const listening = pages.some(({ followers }) => followers.some(({ unsubscribed }) => !unsubscribed));
  const tooMany = server.connections > (listening ? 1 : 0) ? `${server.connections} connections` : undefined;
  const problem = world.problem() ?? tooMany;
  for (const page of pages) {
    events += page.realtime.stats.events;
    page.realtime.close();
  }
  return { events, ...(problem !== undefined && { problem }) };
}

for (const lossy of [false, true]) {
  const what = lossy ? "are told what was lost" : "hear every change once, in the order of the log";
  test(`through ${SCHEDULES} schedules of tabs that come, go and freeze, and of faults, all ${what} (HEADWATER_SEED=${SEED})`, async () => {
    let heard = 0;
    for (let i = 0; i < SCHEDULES; i += 1) {
      const { problem, events } = await runSchedule(SEED + i, lossy);
      if (problem !== undefined) throw new Error(`HEADWATER_SEED=${SEED + i} HEADWATER_CLIENT_SCHEDULES=1: ${problem}`);
      heard += events;
    }
    expect(heard).toBeGreaterThan(SCHEDULES * 10);
  });
}
