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
const MAX_TABS = 4;

interface Page {
  readonly tab: FakeTab;
  readonly network: FaultyNetwork;
  readonly realtime: Realtime;
  readonly followers: Follower[];
}

/** A simulated browser whose tabs share one connection to a model server. */
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
      .flatMap(({ followers }) => followers.map((follower) => findViolation(follower, this.server)))
      .find((found) => found);
  }
}

test("all tabs get every event over one connection, and continue over another when its tab closes", async () => {
  const browser = new TabSimulation(seededMathRandom(1));
  for (let i = 0; i < 3; i += 1) {
    const page = browser.open();
    page.followers.push(startFollower(page.realtime, "items/*", browser.server.cursor));
    await browser.clock.pass(1_000);
    for (const record of RECORDS) browser.server.write(record);
  }
  await browser.clock.pass(1_000);
  expect(browser.server.connections).toBe(1);
  expect(browser.pages.map(({ followers }) => followers[0]!.events.length)).toEqual([9, 6, 3]);
  for (let left = 2; left >= 0; left -= 1) {
    browser.close(browser.pages[0]!);
    for (const record of RECORDS) browser.server.write(record);
    await browser.clock.pass(2_000);
    expect(browser.problem()).toBeUndefined();
    expect(browser.server.connections).toBe(left === 0 ? 0 : 1);
  }
});

test("a tab's subscriptions end with it, and the last tab ends the connection", async () => {
  const browser = new TabSimulation(seededMathRandom(2));
  const [first, second] = [browser.open(), browser.open()];
  first.followers.push(startFollower(first.realtime, "items/*", browser.server.cursor));
  await browser.clock.pass(1_000);
  second.followers.push(startFollower(second.realtime, "items/a", browser.server.cursor));
  await browser.clock.pass(1_000);
  expect(browser.server.names).toHaveLength(2);
  // The first tab keeps the connection for the second.
  unsubscribe(first.followers[0]!);
  await browser.clock.pass(1_000);
  expect(browser.server.names).toHaveLength(1);
  browser.server.write("a");
  await browser.clock.pass(1_000);
  expect(second.followers[0]!.events).toHaveLength(1);
  unsubscribe(second.followers[0]!);
  await browser.clock.pass(1_000);
  expect(browser.server.connections).toBe(0);
});

test("a frozen tab loses the connection to another tab", async () => {
  const browser = new TabSimulation(seededMathRandom(3));
  const [first, second] = [browser.open(), browser.open()];
  for (const page of [first, second]) {
    page.followers.push(startFollower(page.realtime, "items/*", browser.server.cursor));
    await browser.clock.pass(1_000);
  }
  first.tab.freeze();
  browser.server.write("a");
  await browser.clock.pass(80_000);
  expect(second.followers[0]!.events).toHaveLength(1);
  first.tab.thaw();
  browser.server.write("b");
  await browser.clock.pass(20_000);
  expect(browser.problem()).toBeUndefined();
  expect(browser.server.connections).toBe(1);
});

/** One run: tabs open, close and freeze at random, with random network and server faults. */
async function runSchedule(
  seed: number,
  lossy: boolean,
): Promise<{ readonly problem?: string; readonly events: number }> {
  const random = seededMathRandom(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!;
  const browser = new TabSimulation(random);
  const { clock, server, pages } = browser;
  const startFollowing = (page: Page): void =>
    void page.followers.push(startFollower(page.realtime, pick(TOPICS), server.cursor));
  startFollowing(browser.open());
  browser.setFaults(randomFaults(random));
  let events = 0;
  const actions: readonly (readonly [weight: number, run: () => void])[] = [
    [12, () => repeat(1 + Math.floor(random() * 8), () => server.write(pick(RECORDS)))],
    [3, () => startFollowing(pick(pages))],
    [2, () => pages.length < MAX_TABS && startFollowing(browser.open())],
    [2, () => pages.length > 1 && browser.close(pick(pages))],
    [1, () => pick(pages).tab.freeze()],
    [2, () => pick(pages).tab.thaw()],
    [2, () => unsubscribe(pick(pick(pages).followers))],
    [2, () => pick(pages).network.cutAll()],
    [1, () => clock.sleep(random() * 300_000)],
    [1, () => browser.setFaults(randomFaults(random))],
    [lossy ? 1 : 0, () => server.trim(Math.floor(random() * 10))],
    [lossy ? 0.5 : 0, () => server.restore()],
    [lossy ? 2 : 0, () => server.write(pick(RECORDS), true)],
  ];
  const total = actions.reduce((sum, [weight]) => sum + weight, 0);
  for (let step = 0; step < STEPS; step += 1) {
    let at = random() * total;
    actions.find(([weight]) => (at -= weight) < 0)?.[1]();
    await clock.pass(random() < 0.2 ? random() * 40_000 : random() * 400);
  }
  for (const { tab } of pages) tab.thaw();
  browser.setFaults(NO_FAULTS);
  await clock.pass(300_000);
  server.write("a");
  await clock.pass(60_000);
  const isFollowing = pages.some(({ followers }) => followers.some(({ unsubscribed }) => !unsubscribed));
  const tooMany = server.connections > (isFollowing ? 1 : 0) ? `${server.connections} connections` : undefined;
  const problem = browser.problem() ?? tooMany;
  for (const page of pages) {
    events += page.realtime.stats.events;
    page.realtime.close();
  }
  return { events, ...(problem !== undefined && { problem }) };
}

for (const lossy of [false, true]) {
  const what = lossy ? "learn what was lost" : "get every change once and in order";
  test(`in ${SCHEDULES} runs with random tabs and faults, all tabs ${what} (HEADWATER_SEED=${SEED})`, async () => {
    let received = 0;
    for (let i = 0; i < SCHEDULES; i += 1) {
      const { problem, events } = await runSchedule(SEED + i, lossy);
      if (problem !== undefined) throw new Error(`HEADWATER_SEED=${SEED + i} HEADWATER_CLIENT_SCHEDULES=1: ${problem}`);
      received += events;
    }
    expect(received).toBeGreaterThan(SCHEDULES * 10);
  });
}
