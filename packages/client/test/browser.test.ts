import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { SuperuserClient } from "@headwater/testing/servers/superuser-client.ts";
import { PRIVATE_NOTES, PUBLIC_NOTES } from "@headwater/testing/servers/collections.ts";
import { CHROMIUM } from "@headwater/testing/lib/chromium.ts";
import { type ServerProcess, startServer } from "@headwater/testing/servers/server-process.ts";
import type { Client } from "../src/index.ts";

setDefaultTimeout(120_000);

/** The globals of a test page. */
interface Window {
  readonly client: Client;
  readonly titles: string[];
  readonly ready: Promise<void>;
}

if (CHROMIUM === undefined)
  test("skipped: no Chromium is installed, so tab sharing is only tested in a simulation", () => {});
else describeIn(CHROMIUM);

function describeIn(executablePath: string): void {
  let server: ServerProcess;
  let admin: SuperuserClient;
  let pages: ReturnType<typeof Bun.serve>;
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    const built = await Bun.build({
      entrypoints: [join(import.meta.dir, "../src/index.ts")],
      target: "browser",
      splitting: true,
      minify: true,
    });
    const files = new Map(built.outputs.map((output) => [output.path.replace(/^\.?/, ""), output]));
    server = await startServer();
    admin = await SuperuserClient.signIn(server.url);
    for (const definition of [PUBLIC_NOTES, PRIVATE_NOTES]) await admin.createCollection(definition);
    pages = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch(request) {
        const { pathname } = new URL(request.url);
        const file = files.get(pathname);
        const script = `<!doctype html><script type="module">${SCRIPT.replace("SERVER", server.url)}</script>`;
        const html = pathname === "/sandbox" ? `<iframe sandbox="allow-scripts" src="/?framed"></iframe>` : script;
        return new Response(file ?? html, {
          headers: {
            "content-type": file ? "text/javascript" : "text/html",
            // A sandboxed frame has an origin of its own.
            "access-control-allow-origin": "*",
          },
        });
      },
    });
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    context = await browser.newContext();
  });

  afterAll(async () => {
    await browser.close();
    await pages.stop(true);
    await server[Symbol.asyncDispose]();
  });

  const open = async (query = ""): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(`${pages.url.origin}/?${query}`);
    await page.waitForFunction("window.ready");
    await page.evaluate("window.ready");
    return page;
  };

  /** Number of connections to the server. */
  const connections = async (): Promise<number> => {
    const { body } = await admin.request<{ totalItems: number }>("GET", "/api/realtime/connections");
    return body.totalItems;
  };

  /** Waits until the server knows whose the connections are: pages know it sooner. */
  const untilOwned = async (owner: string | undefined): Promise<void> => {
    const owners = async (): Promise<(string | undefined)[]> => {
      const { body } = await admin.request<{ items: { auth: { id: string } | null }[] }>(
        "GET",
        "/api/realtime/connections",
      );
      return body.items.map(({ auth }) => auth?.id);
    };
    while ((await owners()).some((id) => id !== owner)) await Bun.sleep(10);
  };

  const receivedTitles = (page: Page, word: string, count: number): Promise<string[]> =>
    page
      .waitForFunction(
        ([text, least]) => {
          const titles = (globalThis as unknown as Window).titles.filter((title) => title.startsWith(text));
          return titles.length >= least && titles;
        },
        [word, count] as const,
      )
      .then((handle) => handle.jsonValue() as Promise<string[]>);

  const write = async (word: string, from: number, to: number): Promise<string[]> => {
    const titles = Array.from({ length: to - from }, (_, i) => `${word} ${from + i}`);
    for (const title of titles) await admin.create("notes", { title });
    return titles;
  };

  test.each(["sse", "websocket"])(
    "eight tabs share one connection over %s and get all events once and in order when its tab closes",
    async (transport) => {
      const tabs: Page[] = [];
      for (let i = 0; i < 8; i += 1) tabs.push(await open(`transport=${transport}`));
      expect(await connections()).toBe(1);
      const titles = await write(transport, 0, 10);
      for (const tab of tabs) expect(await receivedTitles(tab, transport, 10)).toEqual(titles);
      for (let closed = 1; closed <= 3; closed += 1) {
        // The oldest tab has the connection, so each close interrupts all others during writes.
        const writing = write(transport, closed * 10, closed * 10 + 10);
        await tabs.shift()!.close();
        titles.push(...(await writing));
        for (const tab of tabs) expect(await receivedTitles(tab, transport, titles.length)).toEqual(titles);
        expect(await connections()).toBe(1);
      }
      const reconnects = await tabs[0]!.evaluate("window.client.realtime().stats.reconnects");
      expect(reconnects).toBeGreaterThanOrEqual(1);
      for (const tab of tabs) await tab.close();
    },
  );

  test("tabs that don't share have a connection each", async () => {
    const tabs = [await open("alone"), await open("alone")];
    expect(await connections()).toBe(2);
    for (const tab of tabs) await tab.close();
  });

  test("when a browser is online again, it reconnects at once and gets what it missed", async () => {
    const tabs = [await open(), await open()];
    const titles = await write("offline", 0, 2);
    for (const tab of tabs) await receivedTitles(tab, "offline", 2);
    await context.setOffline(true);
    for (const tab of tabs) await tab.waitForFunction("window.client.realtime().state.kind === 'waiting'");
    titles.push(...(await write("offline", 2, 5)));
    const from = performance.now();
    await context.setOffline(false);
    for (const tab of tabs) expect(await receivedTitles(tab, "offline", 5)).toEqual(titles);
    // Without the browser's `online` event, the client would wait for 20 seconds.
    expect(performance.now() - from).toBeLessThan(15_000);
    for (const tab of tabs) await tab.close();
  });

  test("signing in or out in one tab applies to all tabs, which get what that user may see", async () => {
    // Before the pages connect: a replay from before an account exists is a resync.
    const ann = await admin.createUser("ann");
    const tabs = [await open(), await open()];
    const follow = `(async () => {
      const diaries = window.client.collection("diaries").subscribe();
      diaries.forEach((event) => window.titles.push(event.record?.title ?? "resync"));
      await diaries.ready;
    })()`;
    for (const tab of tabs) await tab.evaluate(follow);
    await tabs[1]!.evaluate(`window.client.authenticate("ann@example.com", "1234567890")`);
    for (const tab of tabs)
      await tab.waitForFunction("window.client.auth.record && window.client.realtime().state.kind === 'open'");
    await untilOwned(ann.id);
    await admin.create("diaries", { title: "diary 1", owner: ann.id });
    for (const tab of tabs) expect(await receivedTitles(tab, "diary", 1)).toEqual(["diary 1"]);
    expect(await connections()).toBe(1);
    await tabs[0]!.evaluate("window.client.auth.signOut()");
    for (const tab of tabs)
      await tab.waitForFunction("!window.client.auth.record && window.client.realtime().state.kind === 'open'");
    await untilOwned(undefined);
    await admin.create("diaries", { title: "diary 2", owner: ann.id });
    const titles = await write("guest", 0, 1);
    for (const tab of tabs) expect(await receivedTitles(tab, "guest", 1)).toEqual(titles);
    for (const tab of tabs) expect(await receivedTitles(tab, "diary", 1)).toEqual(["diary 1"]);
    for (const tab of tabs) await tab.close();
  });

  test.each(["auto", "sse", "websocket"])(
    "a sandboxed frame has a connection of its own over %s",
    async (transport) => {
      const page = await context.newPage();
      await page.goto(`${pages.url.origin}/sandbox`);
      const frame = await page.waitForSelector("iframe").then((element) => element.contentFrame());
      await frame!.goto(`${pages.url.origin}/?transport=${transport}`);
      await frame!.waitForFunction("window.ready");
      const failure = "(() => { try { return localStorage.length; } catch (error) { return error.name; } })()";
      expect(await frame!.evaluate(failure)).toBe("SecurityError");
      await frame!.evaluate("window.ready");
      const titles = await write(`sandbox ${transport}`, 0, 3);
      await frame!.waitForFunction("window.titles.length >= 3");
      expect(await frame!.evaluate("window.titles")).toEqual(titles);
      await frame!.evaluate(
        `window.client.authenticate("root@example.com", "1234567890", { collection: "_superusers" })`,
      );
      expect(await frame!.evaluate("window.client.auth.isValid")).toBe(true);
      await page.close();
    },
  );

  test("a page uses a WebSocket if the server supports it", async () => {
    const page = await context.newPage();
    const sockets: string[] = [];
    page.on("websocket", (socket) => sockets.push(new URL(socket.url()).pathname));
    await page.goto(`${pages.url.origin}/?alone`);
    await page.evaluate("window.ready");
    expect(sockets).toEqual(["/realtime/subscribe"]);
    await page.close();
  });

  test("a reloaded page leaves no connections behind", async () => {
    const tab = await open();
    for (let i = 0; i < 3; i += 1) {
      await tab.reload();
      await tab.evaluate("window.ready");
    }
    const titles = await write("reload", 0, 3);
    expect(await receivedTitles(tab, "reload", 3)).toEqual(titles);
    expect(await connections()).toBe(1);
    await tab.close();
  });
}

const SCRIPT = `
import { createClient } from "/index.js";
const { transport, ...query } = Object.fromEntries(new URLSearchParams(location.search));
const client = createClient("SERVER", { shareTabs: !("alone" in query), ...(transport && { transport }) });
const subscription = client.collection("notes").subscribe();
const titles = [];
subscription.forEach((event) => titles.push(event.action === "resync" ? "resync" : event.record.title));
Object.assign(window, { client, titles, ready: subscription.ready });
`;
