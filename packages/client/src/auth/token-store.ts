import type { RecordModel } from "../realtime/events.ts";

/** The signed-in user's record and token. */
export interface StoredAuth {
  readonly token: string;
  readonly record: RecordModel;
}

/** Stores the signed-in user. */
export interface TokenStore {
  read(): StoredAuth | undefined;
  /** `undefined` removes the user. */
  write(auth: StoredAuth | undefined): void;
  /** Calls `onChange` after another tab has written. @returns a stop function */
  watch?(onChange: () => void): () => void;
}

/** A store that lasts as long as the client. */
export function memoryStore(initial?: StoredAuth): TokenStore {
  let current = initial;
  return {
    read: () => current,
    write: (auth) => (current = auth),
  };
}

interface BrowserStorage {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

interface BrowserGlobals {
  readonly localStorage?: BrowserStorage;
  addEventListener?(type: string, listener: (event: { readonly key?: string | null }) => void): void;
  removeEventListener?(type: string, listener: (event: { readonly key?: string | null }) => void): void;
}

/**
 * A store in the browser's local storage, shared by all tabs and kept for the next visit. Uses the key and format of
 * the official SDK, so that a page can use both.
 */
export function localStorageStore(key = "pocketbase_auth"): TokenStore {
  const browser = globalThis as BrowserGlobals;
  // For a user that could not be stored, because the storage is full.
  const unstored = memoryStore();
  return {
    read: () => unstored.read() ?? parse(storage()?.getItem(key) ?? ""),
    write(auth) {
      unstored.write(auth);
      try {
        if (auth) storage()?.setItem(key, JSON.stringify(auth));
        else storage()?.removeItem(key);
        if (storage()) unstored.write(undefined);
      } catch {
        // The user stays in memory.
      }
    },
    watch(onChange) {
      const listener = (event: { readonly key?: string | null }): void => {
        if (event.key === key || event.key === null) onChange();
      };
      browser.addEventListener?.("storage", listener);
      return () => browser.removeEventListener?.("storage", listener);
    },
  };
}

function parse(text: string): StoredAuth | undefined {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return undefined;
    const { token, record } = value as { token?: unknown; record?: unknown };
    if (typeof token !== "string" || token === "" || typeof record !== "object" || record === null) return undefined;
    return { token, record: record as RecordModel };
  } catch {
    return undefined;
  }
}

/** The browser's local storage; `undefined` if there is none, or the page may not use it, as in a sandboxed frame. */
function storage(): BrowserStorage | undefined {
  try {
    return (globalThis as BrowserGlobals).localStorage;
  } catch {
    return undefined;
  }
}

/** Local storage if available, else memory. */
export const defaultStore = (): TokenStore => (storage() ? localStorageStore() : memoryStore());
