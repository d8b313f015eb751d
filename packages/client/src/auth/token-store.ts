import type { RecordModel } from "../realtime/events.ts";

/** Who is signed in. */
export interface StoredAuth {
  readonly token: string;
  readonly record: RecordModel;
}

/** Where it is kept. */
export interface TokenStore {
  read(): StoredAuth | undefined;
  /** `undefined`: nobody is signed in any more. */
  write(auth: StoredAuth | undefined): void;
  /** Told when somebody else has written: another tab. Gives a function that ends it. */
  watch?(onChange: () => void): () => void;
}

/** As long as the client lives. */
export function memoryStore(initial?: StoredAuth): TokenStore {
  let current = initial;
  return {
    read: () => current,
    write: (auth) => (current = auth),
  };
}

interface Browser {
  readonly localStorage?: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
  };
  addEventListener?(type: string, listener: (event: { readonly key?: string | null }) => void): void;
  removeEventListener?(type: string, listener: (event: { readonly key?: string | null }) => void): void;
}

/**
 * In the browser, for all tabs and the next visit. Key and form are those of the official SDK, so both may be used on one
 * page.
 */
export function localStorageStore(key = "pocketbase_auth"): TokenStore {
  const browser = globalThis as Browser;
  return {
    read: () => parse(browser.localStorage?.getItem(key) ?? ""),
    write(auth) {
      if (auth) browser.localStorage?.setItem(key, JSON.stringify(auth));
      else browser.localStorage?.removeItem(key);
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

/** Local storage where there is one, else memory. */
export const defaultStore = (): TokenStore =>
  (globalThis as Browser).localStorage === undefined ? memoryStore() : localStorageStore();
