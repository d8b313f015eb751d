import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Page } from "playwright-core";
import PocketBase, { type ClientResponseError } from "pocketbase";
import { testInBrowser } from "@headwater/testing/lib/chromium.ts";
import { freePort } from "@headwater/testing/lib/free-port.ts";
import { Program } from "@headwater/testing/servers/program.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";

setDefaultTimeout(120_000);

const dir = tempDir();
const port = freePort();
const url = `http://127.0.0.1:${port}`;
let chat = await startChat();
afterAll(async () => {
  await chat.stop();
  dir[Symbol.dispose]();
});

async function startChat(): Promise<Program> {
  const program = new Program(join(import.meta.dir, "main.ts"), { CHAT_DIR: dir.path, CHAT_PORT: String(port) });
  await program.until(/open/);
  return program;
}

test("over the API: messages get their author's real name, and only signed-in users can read them", async () => {
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

testInBrowser(
  "in two browsers: each shows who is present, who is writing and every message once, even after a server crash",
  async (browser) => {
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

    await chat.stop("SIGKILL");
    await bob.getByText("Connecting").waitFor();
    chat = await startChat();
    await say(bob, "The server was down.");
    await ann.getByText("The server was down.").waitFor();
    await ann.reload();
    await ann.getByText("The server was down.").waitFor();
    const messages = ["AnnIs anybody here?", "BobI am", "BobThe server was down."];
    for (const page of [ann, bob]) expect(await page.locator("#messages > div").allTextContents()).toEqual(messages);

    await bob.close();
    await ann.locator("#here").filter({ hasNotText: "Bob" }).filter({ hasText: "Ann" }).waitFor();
  },
);

/** Sends a message and waits until the server has it. Waits for the connection first. */
async function say(page: Page, text: string): Promise<void> {
  await page.locator("#status").filter({ hasNotText: "Connecting" }).waitFor({ state: "attached" });
  await page.fill("#text", text);
  await page.press("#text", "Enter");
  await page.waitForFunction(`document.getElementById("text").value === ""`);
}
