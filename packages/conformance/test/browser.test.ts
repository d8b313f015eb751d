import { expect, setDefaultTimeout, test } from "bun:test";
import { openBrowserStage } from "../src/browser/browser-driver.ts";
import { findBrowser, launchBrowser } from "../src/browser/launch.ts";
import { runInBrowser } from "../src/browser/run-in-browser.ts";
import { clientProfile, type Report, runProfile, tally } from "../src/index.ts";
import { startHeadwater, SUPERUSER } from "./support/headwater.ts";

setDefaultTimeout(120_000);

const program = findBrowser();

const faultsOf = ({ results }: Report): unknown[] => results.filter(({ outcome }) => outcome.kind !== "passed");

test("a browser is looked for on the PATH, and may be missing", () => {
  expect(findBrowser("")).toBeUndefined();
});

// Where there is a Chromium, it is held to what the kit holds others to: it has been right about EventSource for years.
if (program !== undefined) {
  test("Chromium's EventSource is all green", async () => {
    const { driver, server } = await openBrowserStage("Chromium");
    const close = launchBrowser(program, server.origin);
    try {
      const report = await runProfile(clientProfile, { driver, server }, { target: "Chromium", patienceMs: 20_000 });
      expect(faultsOf(report)).toEqual([]);
    } finally {
      await close();
      server.stop();
    }
  });

  test("the behaviours run within Chromium", async () => {
    const server = await startHeadwater();
    try {
      const options = { target: server.url, only: "Real-time Event Handling" };
      const report = await runInBrowser(program, { url: server.url, superuser: SUPERUSER }, options);
      expect(faultsOf(report)).toEqual([]);
      expect(tally(report).passed).toBe(5);
      expect(report.runtime).toContain("HeadlessChrome");
    } finally {
      await server.stop();
    }
  });
}
