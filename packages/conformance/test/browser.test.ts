import { expect, setDefaultTimeout, test } from "bun:test";
import { startBrowserHarness } from "../src/browser/event-source-driver.ts";
import { findBrowser, launchBrowser } from "../src/browser/launch.ts";
import { runInBrowser } from "../src/browser/run-in-browser.ts";
import { clientProfile, type Report, runProfile, tally } from "../src/index.ts";
import { startHeadwater, SUPERUSER } from "./support/headwater.ts";

setDefaultTimeout(120_000);

const program = findBrowser() ?? "";
const inBrowser = test.skipIf(program === "");

const notPassed = ({ results }: Report): unknown[] => results.filter(({ outcome }) => outcome.kind !== "passed");

test("findBrowser returns undefined when no browser is on the PATH", () => {
  expect(findBrowser("")).toBeUndefined();
});

// Checks the kit itself: Chromium's EventSource is known to follow the standard, but for what is named here.
inBrowser("Chromium's EventSource passes every case but one", async () => {
  const harness = await startBrowserHarness("Chromium");
  const close = launchBrowser(program, harness.origin);
  try {
    const clock = { patienceMs: 10_000 };
    const report = await runProfile(clientProfile, harness, { target: "Chromium", clock });
    const failed = report.results.filter(({ outcome }) => outcome.kind === "failed");
    expect(failed.map(({ name }) => name)).toEqual(["another charset in the content type changes nothing"]);
    expect(tally(report)["not-offered"]).toBe(3);
  } finally {
    await close();
    harness.stop();
  }
});

inBrowser("the 25 behaviours run in Chromium", async () => {
  const server = await startHeadwater();
  try {
    const options = { target: server.url, only: "Real-time Event Handling" };
    const report = await runInBrowser(program, { url: server.url, superuser: SUPERUSER }, options);
    expect(notPassed(report)).toEqual([]);
    expect(tally(report).passed).toBe(5);
    expect(report.runtime).toContain("HeadlessChrome");
  } finally {
    await server.stop();
  }
});
