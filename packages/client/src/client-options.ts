import type { TokenStore } from "./auth/token-store.ts";
import type { Clock } from "./clock.ts";
import type { PageLifecycle } from "./connection/page-lifecycle.ts";
import type { ConnectionLimits } from "./connection/transitions.ts";
import type { Fetch, Http } from "./http.ts";
import type { Transport } from "./transport/transport.ts";

export type TransportKind = "auto" | "sse" | "websocket";

export interface ClientOptions {
  /** Stores the token. Default: local storage in a browser, memory elsewhere. */
  readonly store?: TokenStore;
  /** Whether to refresh the token before it expires. Default: true. */
  readonly autoRefresh?: boolean;
  /** Ends the connection with an error on a malformed event. Default: false, skips the event and emits a warning. */
  readonly strict?: boolean;
  /** Reconnect delays and timeouts. */
  readonly limits?: Partial<ConnectionLimits>;
  /**
   * Milliseconds without a byte after which a connection counts as dead. Default: 50 s for Headwater, 330 s for
   * PocketBase.
   */
  readonly quietMs?: number;
  /** Whether tabs of a browser share one connection, if the browser supports that. Default: true. */
  readonly shareTabs?: boolean;
  readonly fetch?: Fetch;
  /** For tests, and for platforms without browser timers. */
  readonly clock?: Clock;
  /** From 0 (inclusive) to 1 (exclusive), as `Math.random`. */
  readonly random?: () => number;
  /** Reports when the app resumes, and when the network is lost. Default: the browser's page and network events. */
  readonly lifecycle?: PageLifecycle;
  /** Default: `auto`, a WebSocket if the server and the network support it, else an SSE stream. */
  readonly transport?: TransportKind | ((http: Http) => Transport);
}
