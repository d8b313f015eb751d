import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { testInBrowser } from "@headwater/testing/lib/chromium.ts";
import { Program } from "@headwater/testing/servers/program.ts";
import { tempDir } from "@headwater/testing/lib/temp-dir.ts";
import { newId, openStore, signIn, type Store, todosIn } from "./client.ts";

setDefaultTimeout(120_000);

const dir = tempDir();
const program = new Program(join(import.meta.dir, "main.ts"), { TODO_DIR: dir.path, TODO_PORT: "0" });
afterAll(async () => {
  await program.stop();
  dir[Symbol.dispose]();
});
const url = (await program.until(/open: (http:\S+)\/\n/))[1]!;

test("two stores agree after one of them was offline, and a sweep deletes finished todos", async () => {
  const open = async (name: string): Promise<{ readonly id: string; readonly store: Store }> => {
    const account = await signIn(url, name, "1234567890");
    return { id: account.id, store: openStore(url, account, { kvStore: "mem", pullInterval: null }) };
  };
  const [ann, bob] = [await open("Ann"), await open("Bob")];
  const add = (text: string) => {
    const data = { text, done: false, author: ann.id, created: new Date().toISOString() };
    return ann.store.mutate.create({ collection: "todos", id: newId(), data });
  };
  const settled = async (store: Store): Promise<void> => {
    while ((await store.experimentalPendingMutations()).length > 0) {
      await store.push({ now: true });
      await store.pull({ now: true });
    }
  };
  const texts = async (store: Store): Promise<readonly string[]> =>
    (await store.query(todosIn)).map(({ text, done }) => (done ? `(${text})` : text)).toSorted();
  await add("Milk");
  await add("Bread");
  await settled(ann.store);
  // A pull may join one that is already running, so poll until the store has the result.
  const has = async (store: Store, ...wanted: readonly string[]): Promise<void> => {
    while (JSON.stringify(await texts(store)) !== JSON.stringify(wanted)) await store.pull({ now: true });
  };
  await has(bob.store, "Bread", "Milk");

  bob.store.pushURL = bob.store.pullURL = "http://127.0.0.1:1";
  const listed = await bob.store.query(todosIn);
  const named = (name: string): string => listed.find(({ text }) => text === name)!.id;
  await bob.store.mutate.update({ collection: "todos", id: named("Milk"), data: { done: true } });
  await bob.store.mutate.delete({ collection: "todos", id: named("Bread") });
  expect(await texts(bob.store)).toEqual(["(Milk)"]);
  await add("Eggs");
  await settled(ann.store);

  bob.store.pushURL = `${url}/api/v1/replicache/push`;
  bob.store.pullURL = `${url}/api/v1/replicache/pull`;
  await settled(bob.store);
  // Only Ann may delete her bread.
  for (const { store } of [ann, bob]) await has(store, "(Milk)", "Bread", "Eggs");
  await ann.store.mutate.sweep({ author: ann.id });
  await settled(ann.store);
  for (const { store } of [ann, bob]) await has(store, "Bread", "Eggs");
  for (const { store } of [ann, bob]) await store.close();
});

/** Waits until the page shows these todos, in any order. Finished ones are in parentheses. */
const shows = (page: Page, ...texts: readonly string[]): Promise<unknown> =>
  page.waitForFunction(`
    JSON.stringify([...document.querySelectorAll("li")].map((item) => {
      const text = item.innerText.slice(0, -1).trim();
      return item.className ? "(" + text + ")" : text;
    }).sort()) === ${JSON.stringify(JSON.stringify(texts.toSorted()))}`);

testInBrowser("two browsers agree after one of them was offline, and its changes survive a reload", async (browser) => {
  const openAs = async (name: string): Promise<Page> => {
    const page = await (await browser.newContext()).newPage();
    await page.goto(url);
    await page.fill("#sign-in [name=name]", name);
    await page.fill("#sign-in [name=password]", "1234567890");
    await page.press("#sign-in [name=password]", "Enter");
    await page.locator("main").waitFor();
    return page;
  };
  const add = async (page: Page, text: string): Promise<void> => {
    await page.fill("#add [name=text]", text);
    await page.press("#add [name=text]", "Enter");
  };
  const tick = (page: Page, text: string): Promise<void> =>
    page.locator("li", { hasText: text }).locator("input").click();

  const [one, other] = [await openAs("Cem"), await openAs("Dua")];
  // Both show the todos of the other test.
  await one.locator("li", { hasText: "Eggs" }).waitFor();
  await add(one, "Tea");
  await shows(other, "Bread", "Eggs", "Tea");

  await other.context().setOffline(true);
  await tick(other, "Tea");
  await add(other, "Sugar");
  await shows(other, "Bread", "Eggs", "(Tea)", "Sugar");
  await add(one, "Coffee");
  await tick(one, "Bread");
  await shows(one, "(Bread)", "Eggs", "Tea", "Coffee");
  await other.locator("#waiting", { hasText: /^2 / }).waitFor();

  await other.context().setOffline(false);
  for (const page of [one, other]) await shows(page, "(Bread)", "Eggs", "(Tea)", "Coffee", "Sugar");
  await other.waitForFunction(`document.querySelector("#waiting").innerText === ""`);
  await other.reload();
  await shows(other, "(Bread)", "Eggs", "(Tea)", "Coffee", "Sugar");
  await one.click("#sweep");
  await shows(other, "(Bread)", "Eggs", "Coffee", "Sugar");
});
