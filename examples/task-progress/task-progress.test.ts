import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { testInBrowser } from "@headwater/testing/lib/chromium.ts";
import { JsonEventClient } from "@headwater/testing/clients/json-event-client.ts";
import { freePort } from "@headwater/testing/lib/free-port.ts";
import { Program } from "@headwater/testing/servers/program.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";

setDefaultTimeout(120_000);

const POEM_END = "And the tide rises, the tide falls.";
const dir = tempDir();
const port = freePort();
const url = `http://127.0.0.1:${port}`;
let press = await startPress();
afterAll(async () => {
  await press.stop("SIGKILL");
  dir[Symbol.dispose]();
});

async function startPress(): Promise<Program> {
  const env = { PRESS_DIR: dir.path, PRESS_PORT: String(port), PRESS_LETTER_MS: "5" };
  const program = new Program(join(import.meta.dir, "main.ts"), env);
  await program.until(/ready/);
  return program;
}

/** The lines that a page would show for these events. */
function shown(clients: readonly JsonEventClient[]): string[] {
  const lines: string[] = [];
  let page = 0;
  for (const { data } of clients.flatMap(({ events }) => events.filter(({ event }) => event === "task_event"))) {
    const fields = data["data"] as { readonly page?: number; readonly delta?: string };
    if (fields.page !== undefined) lines[(page = fields.page - 1)] = "";
    if (fields.delta !== undefined) lines[page] += fields.delta;
  }
  return lines;
}

test("over HTTP: the task survives a server crash, a client resumes its stream, and the poem is complete", async () => {
  expect(await (await fetch(url)).text()).toContain("<title>The press</title>");
  const headers = { "Content-Type": "application/json" };
  const started = await fetch(`${url}/api/tasks`, { method: "POST", headers, body: JSON.stringify({ name: "print" }) });
  const { id } = (await started.json()) as { readonly id: string };
  const stream = `${url}/api/tasks/${id}/stream`;
  using before = await JsonEventClient.open(stream);
  await before.inbox.until((events) =>
    events.some(({ data }) => (data["data"] as { page?: number } | undefined)?.page === 3),
  );
  await press.stop("SIGKILL");
  await before.ended;
  press = await startPress();
  using after = await JsonEventClient.open(stream, { "Last-Event-ID": before.lastEventId! });
  await after.ended;
  const lines = shown([before, after]);
  expect(lines).toHaveLength(5);
  expect(lines.at(-1)).toBe(POEM_END);
  using late = await JsonEventClient.open(stream);
  await late.ended;
  expect(shown([late])).toEqual(lines);
});

testInBrowser("in a browser: the page survives a reload, and a stop and a crash of the server", async (browser) => {
  const page = await browser.newPage();
  await page.goto(url);
  await page.click("#start");
  await reached(page, 2);
  await page.reload();
  await reached(page, 2);
  await press.stop("SIGTERM");
  press = await startPress();
  await reached(page, 4);
  await press.stop("SIGKILL");
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

/** Waits until a page of the poem is being printed. */
const reached = (page: Page, number: number): Promise<void> =>
  page.locator(`#page-${number}`).waitFor({ state: "attached" });
