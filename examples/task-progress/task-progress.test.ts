import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { EventClient } from "../../packages/server/test/support/event-client.ts";
import { freePort } from "../../packages/server/test/support/free-port.ts";

setDefaultTimeout(120_000);

const POEM_END = "And the tide rises, the tide falls.";
const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"].flatMap((name) => Bun.which(name) ?? [])[0];

const dir = mkdtempSync(join(tmpdir(), "headwater-press-"));
const port = freePort();
const url = `http://127.0.0.1:${port}`;
let press = await startPress();
afterAll(async () => {
  await stopPress("SIGKILL");
  rmSync(dir, { recursive: true, force: true });
});

/** Starts the program and waits until it is ready. */
async function startPress() {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "main.ts")], {
    env: { ...process.env, PRESS_DIR: dir, PRESS_PORT: String(port), PRESS_LETTER_MS: "5" },
    stdout: "pipe",
    stderr: "inherit",
  });
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (text.includes("ready")) return child;
  }
  throw new Error("the press ended before it was ready");
}

async function stopPress(signal: NodeJS.Signals): Promise<void> {
  press.kill(signal);
  await press.exited;
}

/** What a page would show of these events. */
function shown(clients: readonly EventClient[]): string[] {
  const lines: string[] = [];
  let page = 0;
  for (const { data } of clients.flatMap(({ events }) => events.filter(({ event }) => event === "task_event"))) {
    const told = data["data"] as { readonly page?: number; readonly delta?: string };
    if (told.page !== undefined) lines[(page = told.page - 1)] = "";
    if (told.delta !== undefined) lines[page] += told.delta;
  }
  return lines;
}

test("by HTTP: the task outlives a kill, its listener comes back to it, and the poem is whole", async () => {
  expect(await (await fetch(url)).text()).toContain("<title>The press</title>");
  const headers = { "Content-Type": "application/json" };
  const started = await fetch(`${url}/api/tasks`, { method: "POST", headers, body: JSON.stringify({ name: "print" }) });
  const { id } = (await started.json()) as { readonly id: string };
  const stream = `${url}/api/tasks/${id}/stream`;
  using before = await EventClient.open(stream);
  await before.inbox.until((events) =>
    events.some(({ data }) => (data["data"] as { page?: number } | undefined)?.page === 3),
  );
  await stopPress("SIGKILL");
  await before.ended;
  press = await startPress();
  using after = await EventClient.open(stream, { "Last-Event-ID": before.lastEventId! });
  await after.ended;
  const lines = shown([before, after]);
  expect(lines).toHaveLength(5);
  expect(lines.at(-1)).toBe(POEM_END);
  using late = await EventClient.open(stream);
  await late.ended;
  expect(shown([late])).toEqual(lines);
});

if (CHROMIUM === undefined) test("there is no Chromium on this machine: the page is read, not opened", () => {});
else testPage(CHROMIUM);

function testPage(executablePath: string): void {
  test("in a browser: the page survives a reload, a stop and a kill of its server", async () => {
    await using cleanup = new AsyncDisposableStack();
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    cleanup.defer(() => browser.close());
    const page = await browser.newPage();
    await page.goto(url);
    await page.click("#start");
    await reached(page, 2);
    await page.reload();
    await reached(page, 2);
    await stopPress("SIGTERM");
    press = await startPress();
    await reached(page, 4);
    await stopPress("SIGKILL");
    press = await startPress();
    await page.getByText("Done: 5 pages.").waitFor();
    const other = await browser.newPage();
    await other.goto(page.url());
    await other.getByText("Done: 5 pages.").waitFor();
    const [lines, others] = await Promise.all(
      [page, other].map((each) => each.locator("#pages > div").allTextContents()),
    );
    expect(lines).toHaveLength(5);
    expect(lines).toContain(POEM_END);
    expect(others).toEqual(lines);
  });
}

/** Waits until a page of the poem is being printed. */
const reached = (page: Page, number: number): Promise<void> =>
  page.locator(`#page-${number}`).waitFor({ state: "attached" });
