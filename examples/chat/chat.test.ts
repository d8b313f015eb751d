import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import PocketBase, { type ClientResponseError } from "pocketbase";
import { freePort } from "../../packages/server/test/support/free-port.ts";

setDefaultTimeout(120_000);

const CHROMIUM = ["chromium", "chromium-browser", "google-chrome"].flatMap((name) => Bun.which(name) ?? [])[0];

const dir = mkdtempSync(join(tmpdir(), "headwater-chat-"));
const port = freePort();
const url = `http://127.0.0.1:${port}`;
let chat = await startChat();
afterAll(async () => {
  await stopChat();
  rmSync(dir, { recursive: true, force: true });
});

/** Starts the program and waits until it is open. */
async function startChat() {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "main.ts")], {
    env: { ...process.env, CHAT_DIR: dir, CHAT_PORT: String(port) },
    stdout: "pipe",
    stderr: "inherit",
  });
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    if (text.includes("open")) return child;
  }
  throw new Error("the chat ended before it was open");
}

async function stopChat(): Promise<void> {
  chat.kill("SIGKILL");
  await chat.exited;
}

test("by the API: messages go out under their author's own name, and are for those who are signed in", async () => {
  const pb = new PocketBase(url);
  await pb
    .collection("people")
    .create({ name: "Ann", email: "ann@example.com", password: "1234567890", passwordConfirm: "1234567890" });
  await pb.collection("people").authWithPassword("ann@example.com", "1234567890");
  const message = await pb.collection("messages").create({ room: "tea", text: "hello", name: "Somebody else" });
  expect(message).toMatchObject({ name: "Ann", author: pb.authStore.record!.id, text: "hello" });
  expect((await new PocketBase(url).collection("messages").getList()).totalItems).toBe(0);
  const refused = await pb
    .collection("messages")
    .create({ room: "No such room!", text: "hello" })
    .catch((error: unknown) => error as ClientResponseError);
  expect(refused).toMatchObject({ status: 400, response: { data: { room: { code: "validation_invalid_format" } } } });
  const script = await fetch(`${url}/client.js`);
  expect([script.status, script.headers.get("content-type")]).toEqual([200, "text/javascript"]);
});

if (CHROMIUM === undefined) test("there is no Chromium on this machine: the page is not opened", () => {});
else testPage(CHROMIUM);

function testPage(executablePath: string): void {
  test("in two browsers: each sees who is there, who writes and what is said, once, over a kill of the server", async () => {
    await using cleanup = new AsyncDisposableStack();
    const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
    cleanup.defer(() => browser.close());
    const enter = async (name: string): Promise<Page> => {
      const page = await (await browser.newContext()).newPage();
      await page.goto(url);
      await page.fill("#name", name);
      await page.press("#name", "Enter");
      await page.locator("#here").filter({ hasText: name }).waitFor();
      return page;
    };
    const [ann, bob] = [await enter("Ann"), await enter("Bob")];
    await ann.getByText("Ann, Bob").waitFor();

    await say(ann, "Is anybody here?");
    await bob.getByText("Is anybody here?").waitFor();
    await bob.fill("#text", "I am");
    await ann.getByText("Bob is writing").waitFor();
    await bob.press("#text", "Enter");
    await ann.getByText("I am").waitFor();
    await ann.getByText("Ann, Bob", { exact: true }).waitFor();

    await stopChat();
    await bob.getByText("Connecting").waitFor();
    chat = await startChat();
    await say(bob, "It was away for a moment.");
    await ann.getByText("It was away for a moment.").waitFor();
    await ann.reload();
    await ann.getByText("It was away for a moment.").waitFor();
    const said = ["AnnIs anybody here?", "BobI am", "BobIt was away for a moment."];
    for (const page of [ann, bob]) expect(await page.locator("#messages > div").allTextContents()).toEqual(said);

    await bob.close();
    await ann.locator("#here").filter({ hasNotText: "Bob" }).filter({ hasText: "Ann" }).waitFor();
  });
}

/** Writes until it is sent: the server may just be coming back. */
async function say(page: Page, text: string): Promise<void> {
  await page.locator("#status").filter({ hasNotText: "Connecting" }).waitFor({ state: "attached" });
  await page.fill("#text", text);
  await page.press("#text", "Enter");
  await page.waitForFunction(`document.getElementById("text").value === ""`);
}
