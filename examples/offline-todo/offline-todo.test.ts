import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Browser, BROWSER, type Page } from "./browser.ts";
import { newId, openStore, signIn, type Store, todosIn } from "./client.ts";

setDefaultTimeout(120_000);

const dir = mkdtempSync(join(tmpdir(), "headwater-todo-"));
const child = Bun.spawn([process.execPath, join(import.meta.dir, "main.ts")], {
  env: { ...process.env, TODO_DIR: dir, TODO_PORT: "0" },
  stdout: "pipe",
  stderr: "inherit",
});
afterAll(async () => {
  child.kill();
  await child.exited;
  rmSync(dir, { recursive: true, force: true });
});

async function printedUrl(): Promise<string> {
  let text = "";
  for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const found = /open: (http:\S+)\/\n/.exec(text);
    if (found) return found[1]!;
  }
  throw new Error(`the program ended; it printed: ${text}`);
}
const url = await printedUrl();

test("two stores agree after one of them was away, and a sweep takes away what is done", async () => {
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
  await bob.store.pull({ now: true });
  expect(await texts(bob.store)).toEqual(["Bread", "Milk"]);

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
  for (const { store } of [ann, bob]) await store.pull({ now: true });
  // The bread is Ann's to take away.
  for (const { store } of [ann, bob]) expect(await texts(store)).toEqual(["(Milk)", "Bread", "Eggs"]);
  await ann.store.mutate.sweep({ author: ann.id });
  await settled(ann.store);
  for (const { store } of [ann, bob]) await store.pull({ now: true });
  for (const { store } of [ann, bob]) expect(await texts(store)).toEqual(["Bread", "Eggs"]);
  for (const { store } of [ann, bob]) await store.close();
});

const LIST = `[...document.querySelectorAll("li")].map((item) => (item.className ? "(" + item.innerText.slice(0, -1).trim() + ")" : item.innerText.slice(0, -1).trim()))`;

/** What a person does, in the page. */
const comeIn = (name: string): string => `(() => {
  const form = document.querySelector("#sign-in");
  form.elements.name.value = ${JSON.stringify(name)};
  form.elements.password.value = "1234567890";
  form.requestSubmit();
})()`;
const add = (text: string): string => `(() => {
  const form = document.querySelector("#add");
  form.elements.text.value = ${JSON.stringify(text)};
  form.requestSubmit();
})()`;
const tick = (text: string): string =>
  `[...document.querySelectorAll("li")].find((item) => item.innerText.includes(${JSON.stringify(text)})).querySelector("input").click()`;

const shows = (page: Page, ...texts: readonly string[]): Promise<void> =>
  page.until(`JSON.stringify(${LIST}.sort()) === ${JSON.stringify(JSON.stringify(texts.toSorted()))}`);

if (BROWSER) {
  test("two browsers agree after one of them was away, and what was done there survives its restart", async () => {
    await using browser = await Browser.start(BROWSER!);
    const [one, other] = [await browser.open(url), await browser.open(url)];
    for (const [page, name] of [
      [one, "Cem"],
      [other, "Dua"],
    ] as const) {
      await page.until(`document.querySelector("#sign-in")`);
      await page.until(`document.readyState === "complete"`);
      await page.read(comeIn(name));
      await page.until(`!document.querySelector("main").hidden`);
    }
    // What the other test left is there in both.
    await one.until(`${LIST}.includes("Eggs")`);
    await one.read(add("Tea"));
    await shows(other, "Bread", "Eggs", "Tea");

    await other.setOffline(true);
    await other.read(tick("Tea"));
    await other.read(add("Sugar"));
    await shows(other, "Bread", "Eggs", "(Tea)", "Sugar");
    await one.read(add("Coffee"));
    await one.read(tick("Bread"));
    await shows(one, "(Bread)", "Eggs", "Tea", "Coffee");
    await other.until(`document.querySelector("#waiting").innerText.startsWith("2 ")`);

    await other.setOffline(false);
    for (const page of [one, other]) await shows(page, "(Bread)", "Eggs", "(Tea)", "Coffee", "Sugar");
    await other.until(`document.querySelector("#waiting").innerText === ""`);
    await other.reload();
    await shows(other, "(Bread)", "Eggs", "(Tea)", "Coffee", "Sugar");
    await one.read(`document.querySelector("#sweep").click()`);
    await shows(other, "(Bread)", "Eggs", "Coffee", "Sugar");
  });
}
