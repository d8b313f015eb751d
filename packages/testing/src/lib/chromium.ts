import { test } from "bun:test";
import { type Browser, chromium } from "playwright-core";

/** The path of an installed Chromium, or undefined. */
export const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"].flatMap((name) => Bun.which(name) ?? [])[0];

/** A test with a headless browser; without Chromium, an empty test whose name says so. */
export function testInBrowser(name: string, work: (browser: Browser) => Promise<void>): void {
  if (CHROMIUM === undefined) {
    test(`skipped, no Chromium found: ${name}`, () => {});
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
