import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { startTestApp } from "../../server/src/testing/test-app.ts";
import { pocketbaseProfile, type Report, runProfile, tally } from "../src/index.ts";
import { GROUP } from "../src/profiles/pocketbase/document.ts";
import { ConcurrencyLimit } from "../src/core/concurrency-limit.ts";

setDefaultTimeout(120_000);

const app = await startTestApp();
// Sends heartbeats every 200 ms instead of every 20 seconds.
const beat = setInterval(() => app.app.hub.sendHeartbeats([...app.app.hub.sessions()]), 200);
afterAll(() => clearInterval(beat));

const runPocketBaseProfile = (url: string, only: string, patienceMs?: number): Promise<Report> => {
  const target = { url, superuser: { token: app.admin } };
  return runProfile(pocketbaseProfile, target, {
    target: url,
    only,
    clock: { heartbeatMs: 2_000, patienceMs, settleMs: 100 },
  });
};

const failuresOf = ({ results }: Report): Record<string, string> =>
  Object.fromEntries(
    results.flatMap(({ name, outcome }) => (outcome.kind === "failed" ? [[name, outcome.reason]] : [])),
  );

async function headwaterPasses(group: string): Promise<void> {
  const report = await runPocketBaseProfile(app.url, `${group}: `);
  expect(failuresOf(report)).toEqual({});
  expect(tally(report)).toEqual({ passed: 5, failed: 0, "not-offered": 0 });
}

/** Each run hashes passwords, which is CPU-bound: more runs at once would only wait for each other. */
const limit = new ConcurrencyLimit(8);

for (const group of Object.values(GROUP).filter((name) => name !== GROUP.performance))
  test.concurrent(`Headwater passes all five cases of ${group}`, () => limit.run(() => headwaterPasses(group)));

test.serial(`Headwater passes all five cases of ${GROUP.performance}`, () => headwaterPasses(GROUP.performance));

test.serial("everything that was set up is removed", async () => {
  const names = app.app.folder.registry.current.collections.map(({ name }) => name);
  expect(names.filter((name) => name.startsWith("conformance_"))).toEqual([]);
});
