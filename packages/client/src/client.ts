import { Api } from "./api.ts";
import { Auth, type Credentials } from "./auth/auth.ts";
import { defaultStore, type TokenStore } from "./auth/token-store.ts";
import { type Clock, systemClock } from "./clock.ts";
import { BACKOFF } from "./connection/backoff.ts";
import { browserEnvironment, type Environment } from "./connection/environment.ts";
import type { ConnectionLimits } from "./connection/transitions.ts";
import { type Fetch, Http } from "./http.ts";
import { patience } from "./patience.ts";
import type { RecordModel } from "./realtime/events.ts";
import { Realtime } from "./realtime/realtime.ts";
import { Collection } from "./records/collection.ts";
import { Files } from "./records/files.ts";
import { sseTransport } from "./transport/sse.ts";
import type { Transport } from "./transport/transport.ts";

/** Every collection by its name, where nothing more is known. */
export type AnySchema = Readonly<Record<string, RecordModel>>;

export interface ClientOptions {
  /** Where the token is kept; local storage in a browser, memory elsewhere. */
  readonly store?: TokenStore;
  /** Whether to refresh the token before it ends; true unless told otherwise. */
  readonly autoRefresh?: boolean;
  /** A malformed event ends the connection with an error; otherwise it is skipped with a warning to the monitor. */
  readonly strict?: boolean;
  /** Pauses of the reconnect, and what is too long. */
  readonly limits?: Partial<ConnectionLimits>;
  /** Silence after which a connection is taken for dead; by default what the server lets expect. */
  readonly quietMs?: number;
  readonly fetch?: Fetch;
  /** For tests, and for platforms of another kind. */
  readonly clock?: Clock;
  /** From 0 up to, but not, 1. */
  readonly random?: () => number;
  readonly environment?: Environment;
  readonly transport?: (http: Http) => Transport;
}

const LIMITS: ConnectionLimits = { ...BACKOFF, connectMs: 15_000, stableMs: 5_000, quietMs: 0 };

/** A server, and who is signed in to it. */
export class Client<Schema extends { readonly [Name in keyof Schema]: { readonly id: string } } = AnySchema> {
  readonly auth: Auth;
  readonly files: Files;
  readonly #api: Api;
  readonly #realtime: Realtime;

  constructor(url: string, options: ClientOptions = {}) {
    const { clock = systemClock, random = Math.random, strict = false, autoRefresh = true } = options;
    const limits = { ...LIMITS, ...options.limits };
    // By a function of our own: browsers refuse a fetch that is called on anything but the window.
    const http = new Http({ url, clock, fetch: options.fetch ?? ((address, init) => fetch(address, init)) });
    this.auth = new Auth({ http, store: options.store ?? defaultStore(), autoRefresh });
    this.#api = new Api(http, this.auth, patience(clock, random, limits));
    this.files = new Files(this.#api);
    this.#realtime = new Realtime({
      api: this.#api,
      transport: options.transport?.(http) ?? sseTransport({ http, strict }),
      environment: options.environment ?? browserEnvironment,
      random,
      limits,
      strict,
      quietMs: options.quietMs,
    });
  }

  /** Signs in, by the name and password of a record of `collection` (`users` unless told otherwise). */
  authenticate(identity: string, password: string, credentials?: Credentials): Promise<RecordModel> {
    return this.auth.signIn(identity, password, credentials);
  }

  collection<Name extends keyof Schema & string>(name: Name): Collection<Schema[Name]> {
    return new Collection<Schema[Name]>(name, this.#api, this.#realtime);
  }

  /** The one connection of this client, for all that its subscriptions say. */
  realtime(): Realtime {
    return this.#realtime;
  }

  /** Ends all that goes on: subscriptions, the connection, the refreshing of the token. */
  close(): void {
    this.#realtime.close();
    this.auth.close();
  }
}

export const createClient = <Schema extends { readonly [Name in keyof Schema]: { readonly id: string } } = AnySchema>(
  url: string,
  options?: ClientOptions,
): Client<Schema> => new Client<Schema>(url, options);
