import { expect, setDefaultTimeout, test } from "bun:test";
import { startBrowserHarness } from "../src/browser/event-source-driver.ts";
import { findBrowser, launchBrowser } from "../src/browser/launch.ts";
import { runInBrowser } from "../src/browser/run-in-browser.ts";
import { clientProfile, type Report, runProfile, tally } from "../src/index.ts";
import { startHeadwater, SUPERUSER } from "./support/headwater.ts";

setDefaultTimeout(120_000);

const program = findBrowser();

const notPassed = ({ results }: Report): unknown[] => results.filter(({ outcome }) => outcome.kind !== "passed");

test("findBrowser returns undefined when no browser is on the PATH", () => {
  expect(findBrowser("")).toBeUndefined();
});

// Checks the kit itself: Chromium's EventSource is known to follow the standard.
if (program !== undefined) {
  test("Chromium's EventSource passes every case", async () => {
    const { driver, server } = await startBrowserHarness("Chromium");
    const close = launchBrowser(program, server.origin);
    try {
      const report = await runProfile(clientProfile, { driver, server }, { target: "Chromium", patienceMs: 20_000 });
      expect(notPassed(report)).toEqual([]);
    } finally {
      await close();
      server.stop();
    }
  });

  test("the 25 behaviours run in Chromium", async () => {
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
}
