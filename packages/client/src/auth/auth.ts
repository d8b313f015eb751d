import type { Clock } from "../clock.ts";
import { toHeadwaterError, HeadwaterError } from "../errors.ts";
import type { HttpResponse, Http } from "../http.ts";
import type { RecordModel } from "../realtime/events.ts";
import type { Identity } from "./identity.ts";
import { notify } from "../notify.ts";
import { decodeClaims } from "./token-claims.ts";
import { TokenLife } from "./token-life.ts";
import type { StoredAuth, TokenStore } from "./token-store.ts";

/**
 * A change of the signed-in user or the token. `expired`: the server no longer accepts the token because it has
 * expired. `revoked`: the server no longer accepts it for another reason, such as a new password. `elsewhere`: another
 * tab changed the store.
 */
export interface AuthChange {
  readonly kind: "signed-in" | "refreshed" | "signed-out" | "expired" | "revoked" | "elsewhere";
  readonly record: RecordModel | undefined;
}

export interface AuthOptions {
  readonly http: Http;
  readonly store: TokenStore;
  /** Whether to refresh the token before it expires. */
  readonly autoRefresh: boolean;
}

export interface Credentials {
  /** The auth collection. Default: `users`. */
  readonly collection?: string;
  readonly signal?: AbortSignal;
}

/**
 * How long before its expiry a token is refreshed: a share of its remaining time, within bounds. A short-lived token is
 * refreshed halfway.
 */
const marginOf = (remainingMs: number): number =>
  Math.min(10 * 60_000, Math.max(remainingMs * 0.1, Math.min(30_000, remainingMs / 2)));
/** Delay after a failed refresh, or before a token that can't be refreshed is tried again. */
const RETRY_MS = 15_000;

/** The signed-in user: signs in and out, and refreshes the token. */
export class Auth implements Identity {
  readonly #http: Http;
  readonly #store: TokenStore;
  readonly #clock: Clock;
  readonly #life: TokenLife;
  readonly #autoRefresh: boolean;
  readonly #tokenListeners = new Set<(same: boolean) => void>();
  readonly #listeners = new Set<(change: AuthChange) => void>();
  readonly #unwatch: (() => void) | undefined;
  #current: StoredAuth | undefined;
  #refreshing: Promise<void> | undefined;
  /** When the next refresh is due, also if its timer was late because the device slept. */
  #dueAt = Infinity;
  #cancelTimer: () => void = () => undefined;

  constructor({ http, store, autoRefresh }: AuthOptions) {
    this.#http = http;
    this.#store = store;
    this.#clock = http.clock;
    this.#life = new TokenLife(http.clock);
    this.#autoRefresh = autoRefresh;
    this.#current = store.read();
    this.#unwatch = store.watch?.(() => this.#set(store.read(), "elsewhere"));
    this.#scheduleRefresh();
  }

  get record(): RecordModel | undefined {
    return this.#current?.record;
  }

  /** Whether a user is signed in. Whether the token has expired is the server's decision: it signs the user out. */
  get isValid(): boolean {
    return decodeClaims(this.#current?.token ?? "") !== undefined;
  }

  /** Calls the listener on each change of the user or the token. @returns a function that removes the listener */
  onChange(listener: (change: AuthChange) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  onToken(listener: (same: boolean) => void): () => void {
    this.#tokenListeners.add(listener);
    return () => void this.#tokenListeners.delete(listener);
  }

  /** @throws HeadwaterError `invalid` for a wrong name or password */
  async signIn(
    identity: string,
    password: string,
    { collection = "users", signal }: Credentials = {},
  ): Promise<RecordModel> {
    const path = `/api/collections/${encodeURIComponent(collection)}/auth-with-password`;
    const auth = this.#receive(await this.#http.request("POST", path, { body: { identity, password }, signal }));
    this.#write(auth, "signed-in");
    return auth.record;
  }

  /** Removes the token from the store. The server keeps no sessions, so it isn't notified. */
  signOut(): void {
    this.#write(undefined, "signed-out");
  }

  /** Signs in with a token from elsewhere, such as a server-rendered page. */
  adopt(auth: StoredAuth): void {
    this.#write(auth, "signed-in");
  }

  async token(): Promise<string> {
    if (this.#clock.now() >= this.#dueAt) await this.#onRefreshDue();
    return this.#current?.token ?? "";
  }

  async renew(refused: string): Promise<boolean> {
    if (this.#current && this.#current.token === refused) await this.refresh().catch(() => undefined);
    return this.#current !== undefined && this.#current.token !== refused;
  }

  /** Exchanges the token for a new one. Concurrent calls share one request. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /** Stops the automatic refresh, and stops watching the store. */
  close(): void {
    this.#cancelTimer();
    this.#unwatch?.();
  }

  async #refresh(): Promise<void> {
    const before = this.#current;
    if (!before) throw new HeadwaterError("unauthorized", "no user is signed in");
    const { collectionName, collectionId } = before.record;
    const path = `/api/collections/${encodeURIComponent(collectionName || collectionId)}/auth-refresh`;
    try {
      const auth = this.#receive(await this.#http.request("POST", path, { token: before.token }));
      if (this.#current === before) this.#write(auth, "refreshed");
    } catch (thrown) {
      const error = toHeadwaterError(thrown);
      const isRejected = error.code === "unauthorized" || error.code === "forbidden" || error.code === "not-found";
      if (isRejected && this.#current === before)
        this.#write(undefined, this.#remainingMs() > 0 ? "revoked" : "expired");
      throw error;
    }
  }

  #write(auth: StoredAuth | undefined, kind: AuthChange["kind"]): void {
    this.#store.write(auth);
    this.#set(auth, kind);
  }

  #set(auth: StoredAuth | undefined, kind: AuthChange["kind"]): void {
    const before = this.#current;
    this.#current = auth;
    const isSame = before?.token === auth?.token;
    this.#scheduleRefresh(isSame);
    if (!isSame) notify(this.#tokenListeners, isSameUser(before, auth));
    notify(this.#listeners, { kind, record: auth?.record });
  }

  #receive(response: HttpResponse): StoredAuth {
    const auth = readAuth(response);
    this.#life.learn(auth.token, auth.token !== this.#current?.token, response.headers.get("date"));
    return auth;
  }

  #remainingMs(): number {
    return this.#life.remainingMs(this.#current?.token ?? "");
  }

  /** @param isFinal the server returned the token unchanged: it can't be refreshed, and is tried again when it expires */
  #scheduleRefresh(isFinal = false): void {
    this.#cancelTimer();
    this.#dueAt = Infinity;
    const remaining = this.#remainingMs();
    if (!this.#autoRefresh || !this.#current || remaining === Infinity) return;
    if (isFinal) this.#refreshAfter(remaining > 0 ? Math.max(1_000, remaining) : RETRY_MS);
    else this.#refreshAfter(Math.max(0, remaining - marginOf(remaining)));
  }

  #refreshAfter(milliseconds: number): void {
    this.#cancelTimer();
    this.#dueAt = this.#clock.now() + milliseconds;
    // Must not keep the process alive.
    this.#cancelTimer = this.#clock.timer(milliseconds, () => void this.#onRefreshDue(), { background: true });
  }

  /** Refreshes the token. Without an answer it stays: it may be valid, whatever this device's clock says. */
  async #onRefreshDue(): Promise<void> {
    const before = this.#current;
    try {
      await this.refresh();
    } catch {
      const remaining = this.#remainingMs();
      const delay = remaining > 0 ? Math.min(RETRY_MS, Math.max(1_000, remaining / 2)) : RETRY_MS;
      if (before && this.#current === before) this.#refreshAfter(delay);
    }
  }
}

const isSameUser = (a: StoredAuth | undefined, b: StoredAuth | undefined): boolean =>
  a !== undefined && b !== undefined && a.record.id === b.record.id && a.record.collectionId === b.record.collectionId;

function readAuth({ body }: HttpResponse): StoredAuth {
  const { token, record } = (body ?? {}) as { token?: unknown; record?: unknown };
  if (typeof token === "string" && typeof record === "object" && record !== null)
    return { token, record: record as RecordModel };
  throw new HeadwaterError("malformed", "the response has no token", { text: JSON.stringify(body) });
}
