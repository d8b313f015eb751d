import { test } from "bun:test";
import { type Browser, chromium } from "playwright-core";

/** Where this machine has a Chromium, if it has one. */
export const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"].flatMap((name) => Bun.which(name) ?? [])[0];

/** A test that drives a headless browser; where there is none, a test that says so. */
export function testInBrowser(name: string, work: (browser: Browser) => Promise<void>): void {
  if (CHROMIUM === undefined) {
    test(`there is no Chromium on this machine for: ${name}`, () => {});
    return;
  }
  test(name, async () => {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
      await work(browser);
    } finally {
      await browser.close();
    }
  });
}
