import type { HeadwaterError } from "../errors.ts";

/** The state of a connection. Times are milliseconds since 1970. */
export type ConnectionState =
  /** No connection needed: before the first subscription, after the last, or closed by the app. */
  | { readonly kind: "closed" }
  /** `attempt` counts from 0, and restarts from 0 after a connection that lasted. */
  | { readonly kind: "connecting"; readonly attempt: number }
  | { readonly kind: "open"; readonly attempt: number; readonly since: number }
  /** The connection was lost. The next attempt is at `until`. */
  | { readonly kind: "waiting"; readonly attempt: number; readonly until: number; readonly error: HeadwaterError }
  /** The client has given up, because a reconnect would fail for the same reason. */
  | { readonly kind: "failed"; readonly error: HeadwaterError };

/** An input of the state machine. */
export type ConnectionInput =
  /** The app needs a connection. */
  | { readonly kind: "start" }
  /** The app no longer needs a connection. */
  | { readonly kind: "stop" }
  /** The server has accepted the connection. */
  | { readonly kind: "opened" }
  /** The connection ended or failed, and a reconnect may succeed. */
  | { readonly kind: "lost"; readonly error: HeadwaterError }
  /** The connection ended or failed, and a reconnect would fail too. */
  | { readonly kind: "refused"; readonly error: HeadwaterError }
  /** The timer set by an effect has fired. */
  | { readonly kind: "timer" }
  /** A new connection is needed, because another user has signed in. */
  | { readonly kind: "reconnect" }
  /** The machine woke up, the page became visible, or the network returned. `quietMs`: time since the last byte. */
  | { readonly kind: "wake"; readonly quietMs: number }
  /** The network was lost. */
  | { readonly kind: "offline" };

/** An effect for the owner of the state machine to carry out. */
export type ConnectionEffect =
  | { readonly kind: "connect" }
  | { readonly kind: "disconnect" }
  /** Sets the connection's only timer. */
  | { readonly kind: "set-timer"; readonly milliseconds: number }
  | { readonly kind: "clear-timer" };
