import type { Clock } from "../clock.ts";
import { toHeadwaterError, HeadwaterError } from "../errors.ts";
import type { HttpResponse, Http } from "../http.ts";
import type { RecordModel } from "../realtime/events.ts";
import type { Identity } from "./identity.ts";
import { decodeClaims } from "./token-claims.ts";
import type { StoredAuth, TokenStore } from "./token-store.ts";

/**
 * A change of the signed-in user or the token. `expired`: the token expired before it could be refreshed. `revoked`:
 * the server no longer accepts the token, for example after a password change. `elsewhere`: another tab changed the
 * store.
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

/** How long before its expiry a token is refreshed: this share of its remaining time, within these bounds. */
const REFRESH_MARGIN = { share: 0.1, minMs: 30_000, maxMs: 10 * 60_000 };
/** Delay after a failed refresh. */
const RETRY_MS = 15_000;

/** The signed-in user: signs in and out, and refreshes the token. */
export class Auth implements Identity {
  readonly #http: Http;
  readonly #store: TokenStore;
  readonly #clock: Clock;
  readonly #autoRefresh: boolean;
  readonly #tokenListeners = new Set<(same: boolean) => void>();
  readonly #listeners = new Set<(change: AuthChange) => void>();
  readonly #unwatch: (() => void) | undefined;
  #current: StoredAuth | undefined;
  #refreshing: Promise<void> | undefined;
  #cancelTimer: () => void = () => undefined;

  constructor({ http, store, autoRefresh }: AuthOptions) {
    this.#http = http;
    this.#store = store;
    this.#clock = http.clock;
    this.#autoRefresh = autoRefresh;
    this.#current = store.read();
    this.#unwatch = store.watch?.(() => this.#set(store.read(), "elsewhere"));
    this.#scheduleRefresh();
  }

  get record(): RecordModel | undefined {
    return this.#current?.record;
  }

  /** Whether a user is signed in with an unexpired token, by this machine's clock. */
  get isValid(): boolean {
    return this.#remainingMs() > 0;
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
    const auth = readAuth(await this.#http.request("POST", path, { body: { identity, password }, signal }));
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
    if (this.#autoRefresh && this.#current && this.#remainingMs() < REFRESH_MARGIN.minMs)
      await this.refresh().catch(() => undefined);
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
      const auth = readAuth(await this.#http.request("POST", path, { token: before.token }));
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
    this.#scheduleRefresh();
    if (before?.token !== auth?.token) for (const listener of this.#tokenListeners) listener(isSameUser(before, auth));
    for (const listener of this.#listeners) listener({ kind, record: auth?.record });
  }

  /** Milliseconds until the token expires; 0 if there is none, or it can't be decoded. */
  #remainingMs(): number {
    const claims = decodeClaims(this.#current?.token ?? "");
    if (!claims) return 0;
    return claims.expiresAt === undefined ? Infinity : Math.max(0, claims.expiresAt - this.#clock.now());
  }

  #scheduleRefresh(): void {
    this.#cancelTimer();
    const remaining = this.#remainingMs();
    if (!this.#autoRefresh || !this.#current || remaining === Infinity) return;
    const margin = Math.min(REFRESH_MARGIN.maxMs, Math.max(REFRESH_MARGIN.minMs, remaining * REFRESH_MARGIN.share));
    this.#refreshAfter(Math.max(0, remaining - margin));
  }

  #refreshAfter(milliseconds: number): void {
    // Must not keep the process alive.
    this.#cancelTimer = this.#clock.timer(milliseconds, () => void this.#onRefreshDue(), { background: true });
  }

  async #onRefreshDue(): Promise<void> {
    const before = this.#current;
    try {
      await this.refresh();
      // The server returns a token that can't be refreshed unchanged. It stays valid until it expires.
      if (this.#current?.token === before?.token) this.#expireAtEnd();
    } catch {
      if (this.#current !== before || !before) return;
      if (this.#remainingMs() > 0) this.#refreshAfter(Math.min(RETRY_MS, this.#remainingMs()));
      else this.#write(undefined, "expired");
    }
  }

  #expireAtEnd(): void {
    this.#cancelTimer();
    const onTimer = (): void => (this.#remainingMs() > 0 ? this.#expireAtEnd() : this.#write(undefined, "expired"));
    this.#cancelTimer = this.#clock.timer(this.#remainingMs(), onTimer, { background: true });
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
