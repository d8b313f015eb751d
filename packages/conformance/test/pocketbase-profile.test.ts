import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { startTestApp } from "../../server/src/testing/test-app.ts";
import { pocketbaseProfile, type Report, runProfile, tally } from "../src/index.ts";
import { GROUP } from "../src/profiles/pocketbase/document.ts";
import { BROKEN_POCKETBASE_SERVERS, type BrokenPocketBase } from "./broken/pocketbase-servers.ts";
import { Turns } from "./support/turns.ts";
import { startProxy } from "./broken/proxy.ts";

setDefaultTimeout(120_000);

const app = await startTestApp();
// The server's own heartbeat, which is due every 20 seconds, sooner.
const beat = setInterval(() => app.app.hub.beat([...app.app.hub.sessions()]), 200);
afterAll(() => clearInterval(beat));

const judge = (url: string, only: string, patienceMs?: number): Promise<Report> => {
  const target = { url, superuser: { token: app.admin }, heartbeatMs: 2_000 };
  return runProfile(pocketbaseProfile, target, { target: url, only, patienceMs });
};

const failuresOf = ({ results }: Report): Record<string, string> =>
  Object.fromEntries(
    results.flatMap(({ name, outcome }) => (outcome.kind === "failed" ? [[name, outcome.reason]] : [])),
  );

async function headwaterPasses(group: string): Promise<void> {
  const report = await judge(app.url, `${group}: `);
  expect(failuresOf(report)).toEqual({});
  expect(tally(report)).toEqual({ passed: 5, failed: 0, "not-offered": 0 });
}

/** Each run hashes passwords: more of them at the same time would only wait for each other. */
const turns = new Turns(8);

async function isFoundOut({ proxy, found, message }: BrokenPocketBase): Promise<void> {
  const { url, stop } = startProxy(app.url, app.admin, proxy);
  try {
    expect(failuresOf(await judge(url, found, 6_000))[found]).toMatch(message);
  } finally {
    stop();
  }
}

for (const group of Object.values(GROUP).filter((name) => name !== GROUP.performance))
  test.concurrent(`Headwater passes all five of ${group}`, () => turns.take(() => headwaterPasses(group)));

for (const broken of BROKEN_POCKETBASE_SERVERS.filter(({ alone }) => !alone))
  test.concurrent(`a server that ${broken.fault} is found out by “${broken.found}”`, () =>
    turns.take(() => isFoundOut(broken)),
  );

test.serial(`Headwater passes all five of ${GROUP.performance}`, () => headwaterPasses(GROUP.performance));

for (const broken of BROKEN_POCKETBASE_SERVERS.filter(({ alone }) => alone))
  test.serial(`a server that ${broken.fault} is found out by “${broken.found}”`, () => isFoundOut(broken));

test.serial("what was set up is removed", async () => {
  const names = app.app.folder.registry.current.collections.map(({ name }) => name);
  expect(names.filter((name) => name.startsWith("conformance_"))).toEqual([]);
});

test("every case has a fault that it finds", () => {
  const found = new Set(BROKEN_POCKETBASE_SERVERS.map((broken) => broken.found));
  expect(pocketbaseProfile.cases.map(({ name }) => name).filter((name) => !found.has(name))).toEqual([]);
});
