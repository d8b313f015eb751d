import type { TokenStore } from "./auth/token-store.ts";
import type { Clock } from "./clock.ts";
import type { PageLifecycle } from "./connection/page-lifecycle.ts";
import type { ConnectionLimits } from "./connection/transitions.ts";
import type { Fetch, Http } from "./http.ts";
import type { Transport } from "./transport/transport.ts";

export type TransportKind = "offered" | "sse" | "websocket";

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
  /** Whether the tabs of a browser share one connection, where the browser can do that; true unless told otherwise. */
  readonly shareTabs?: boolean;
  readonly fetch?: Fetch;
  /** For tests, and for platforms of another kind. */
  readonly clock?: Clock;
  /** From 0 up to, but not, 1. */
  readonly random?: () => number;
  readonly lifecycle?: PageLifecycle;
  /** What carries events: what the server offers unless told otherwise, a WebSocket first. */
  readonly transport?: TransportKind | ((http: Http) => Transport);
}
