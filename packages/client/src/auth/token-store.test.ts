import { afterEach, expect, test } from "bun:test";
import { createClient } from "../client.ts";
import { defaultStore, localStorageStore } from "./token-store.ts";

const AUTH = { token: "t", record: { id: "u", collectionId: "users", collectionName: "users" } };

/** Gives the page a local storage, or an error when it is used. */
function setLocalStorage(get: () => object): void {
  Object.defineProperty(globalThis, "localStorage", { configurable: true, get });
}

afterEach(() => void Reflect.deleteProperty(globalThis, "localStorage"));

test("a page that may not use local storage keeps the user in memory", () => {
  setLocalStorage(() => {
    throw new DOMException("The document is sandboxed.", "SecurityError");
  });
  for (const store of [defaultStore(), localStorageStore()]) {
    expect(store.read()).toBeUndefined();
    store.write(AUTH);
    expect(store.read()).toEqual(AUTH);
    store.write(undefined);
    expect(store.read()).toBeUndefined();
  }
  createClient("http://127.0.0.1:1").close();
});

test("a user that a full storage can't hold stays in memory until the next one can be stored", () => {
  const items = new Map<string, string>();
  let isFull = true;
  setLocalStorage(() => ({
    getItem: (key: string) => items.get(key) ?? null,
    setItem(key: string, value: string) {
      if (isFull) throw new DOMException("full", "QuotaExceededError");
      items.set(key, value);
    },
    removeItem: (key: string) => items.delete(key),
  }));
  const store = localStorageStore();
  store.write(AUTH);
  expect([store.read(), items.size]).toEqual([AUTH, 0]);
  isFull = false;
  const next = { ...AUTH, token: "u" };
  store.write(next);
  expect([store.read(), items.size]).toEqual([next, 1]);
  store.write(undefined);
  expect([store.read(), items.size]).toEqual([undefined, 0]);
});
