import type { HeadwaterError } from "../errors.ts";

/** Where a connection is in its life. Times are milliseconds since 1970. */
export type ConnectionState =
  /** Not wanted: before the first subscription, after the last, or closed by the app. */
  | { readonly kind: "closed" }
  /** On its way; `attempt` counts from 0 and starts again once a connection has lasted. */
  | { readonly kind: "connecting"; readonly attempt: number }
  | { readonly kind: "open"; readonly attempt: number; readonly since: number }
  /** Cut, and about to come back at `until`. */
  | { readonly kind: "waiting"; readonly attempt: number; readonly until: number; readonly error: HeadwaterError }
  /** Given up: coming back would end the same. */
  | { readonly kind: "failed"; readonly error: HeadwaterError };

/** What happens to it. */
export type ConnectionInput =
  /** The app wants it. */
  | { readonly kind: "start" }
  /** The app wants it no more. */
  | { readonly kind: "stop" }
  /** The server has greeted. */
  | { readonly kind: "opened" }
  /** It ended, or never began, for a reason that may pass. */
  | { readonly kind: "lost"; readonly error: HeadwaterError }
  /** It ended for a reason that will not pass. */
  | { readonly kind: "refused"; readonly error: HeadwaterError }
  /** The alarm that a transition had set. */
  | { readonly kind: "due" }
  /** A new connection is needed now: somebody else has signed in. */
  | { readonly kind: "renew" }
  /** The machine slept, the page came back, or the network did. `quietMs`: since the last byte. */
  | { readonly kind: "woke"; readonly quietMs: number }
  /** The network is gone. */
  | { readonly kind: "offline" };

/** What a transition wants done. */
export type ConnectionEffect =
  | { readonly kind: "dial" }
  | { readonly kind: "hang-up" }
  /** Sets the one alarm that there is. */
  | { readonly kind: "alarm"; readonly milliseconds: number }
  | { readonly kind: "disarm" };
