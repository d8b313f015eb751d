import type { Clock } from "../clock.ts";
import { asError, HeadwaterError } from "../errors.ts";
import type { HttpResponse, Http } from "../http.ts";
import type { RecordModel } from "../realtime/events.ts";
import type { Identity } from "./identity.ts";
import { readClaims } from "./token-claims.ts";
import type { StoredAuth, TokenStore } from "./token-store.ts";

/**
 * Why who is signed in has changed. `expired`: the token's time was over before it could be refreshed; `revoked`: the
 * server does not accept it any more, as after a change of the password.
 */
export interface AuthChange {
  readonly kind: "signed-in" | "refreshed" | "signed-out" | "expired" | "revoked" | "elsewhere";
  readonly record: RecordModel | undefined;
}

export interface AuthOptions {
  readonly http: Http;
  readonly store: TokenStore;
  /** Whether to refresh by itself, before the token ends. */
  readonly autoRefresh: boolean;
}

export interface Credentials {
  /** The collection of those who sign in; `users` unless told otherwise. */
  readonly collection?: string;
  readonly signal?: AbortSignal;
}

/** A token is refreshed when this share of its time is left, but not later than the least and not earlier than the most. */
const REFRESH = { share: 0.1, leastMs: 30_000, mostMs: 10 * 60_000 };
/** After a refresh that failed for a reason that may pass. */
const RETRY_MS = 15_000;

/** Who is signed in: signs in and out, and keeps the token fresh. */
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
    this.#schedule();
  }

  get record(): RecordModel | undefined {
    return this.#current?.record;
  }

  /** Whether somebody is signed in whose token has not ended, as far as this machine's clock knows. */
  get isValid(): boolean {
    return this.#leftMs() > 0;
  }

  /** Told of each change of who is signed in. Gives a function that ends it. */
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

  /** Forgets the token here; the server keeps no list of them. */
  signOut(): void {
    this.#write(undefined, "signed-out");
  }

  /** Takes on a token from elsewhere: a server's page, another sign-in. */
  adopt(auth: StoredAuth): void {
    this.#write(auth, "signed-in");
  }

  async token(): Promise<string> {
    if (this.#autoRefresh && this.#current && this.#leftMs() < REFRESH.leastMs)
      await this.refresh().catch(() => undefined);
    return this.#current?.token ?? "";
  }

  async renew(refused: string): Promise<boolean> {
    if (this.#current && this.#current.token === refused) await this.refresh().catch(() => undefined);
    return this.#current !== undefined && this.#current.token !== refused;
  }

  /** Exchanges the token for a fresh one. Those who ask meanwhile share the answer. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => (this.#refreshing = undefined));
    return this.#refreshing;
  }

  /** Stops what goes on by itself. */
  close(): void {
    this.#cancelTimer();
    this.#unwatch?.();
  }

  async #refresh(): Promise<void> {
    const before = this.#current;
    if (!before) throw new HeadwaterError("unauthorized", "nobody is signed in");
    const { collectionName, collectionId } = before.record;
    const path = `/api/collections/${encodeURIComponent(collectionName || collectionId)}/auth-refresh`;
    try {
      const auth = readAuth(await this.#http.request("POST", path, { token: before.token }));
      if (this.#current === before) this.#write(auth, "refreshed");
    } catch (thrown) {
      const error = asError(thrown);
      const isOver = error.code === "unauthorized" || error.code === "forbidden" || error.code === "not-found";
      if (isOver && this.#current === before) this.#write(undefined, this.#leftMs() > 0 ? "revoked" : "expired");
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
    this.#schedule();
    if (before?.token !== auth?.token) for (const listener of this.#tokenListeners) listener(isSame(before, auth));
    for (const listener of this.#listeners) listener({ kind, record: auth?.record });
  }

  /** Milliseconds that the token has left; 0 for none, and for one that can't be read. */
  #leftMs(): number {
    const claims = readClaims(this.#current?.token ?? "");
    if (!claims) return 0;
    return claims.expiresAt === undefined ? Infinity : Math.max(0, claims.expiresAt - this.#clock.now());
  }

  #schedule(): void {
    this.#cancelTimer();
    const left = this.#leftMs();
    if (!this.#autoRefresh || !this.#current || left === Infinity) return;
    const early = Math.min(REFRESH.mostMs, Math.max(REFRESH.leastMs, left * REFRESH.share));
    this.#wakeAfter(Math.max(0, left - early));
  }

  #wakeAfter(milliseconds: number): void {
    // It must not keep a program alive that has nothing else to do.
    this.#cancelTimer = this.#clock.timer(milliseconds, () => void this.#due(), { background: true });
  }

  async #due(): Promise<void> {
    const before = this.#current;
    try {
      await this.refresh();
      // One that can't be refreshed comes back as it was: it will end when it ends.
      if (this.#current?.token === before?.token) this.#wakeAtEnd();
    } catch {
      if (this.#current !== before || !before) return;
      if (this.#leftMs() > 0) this.#wakeAfter(Math.min(RETRY_MS, this.#leftMs()));
      else this.#write(undefined, "expired");
    }
  }

  #wakeAtEnd(): void {
    this.#cancelTimer();
    const end = (): void => (this.#leftMs() > 0 ? this.#wakeAtEnd() : this.#write(undefined, "expired"));
    this.#cancelTimer = this.#clock.timer(this.#leftMs(), end, { background: true });
  }
}

const isSame = (a: StoredAuth | undefined, b: StoredAuth | undefined): boolean =>
  a !== undefined && b !== undefined && a.record.id === b.record.id && a.record.collectionId === b.record.collectionId;

function readAuth({ body }: HttpResponse): StoredAuth {
  const { token, record } = (body ?? {}) as { token?: unknown; record?: unknown };
  if (typeof token === "string" && typeof record === "object" && record !== null)
    return { token, record: record as RecordModel };
  throw new HeadwaterError("malformed", "the answer has no token", { text: JSON.stringify(body) });
}
