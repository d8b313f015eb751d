import type { CloseReason } from "./wire.ts";

/** What the hub measures. Called once per change, flush, replay or closed connection, never once per delivery. */
export interface HubMetrics {
  /** A change was delivered; `seconds` is the time to find out who can see it. */
  delivered(seconds: number, deliveries: number): void;
  /** All queued frames were handed to the sockets, the oldest of them this long after its change was written. */
  flushed(lagSeconds: number): void;
  /** Bytes that waited for a connection at its heartbeat. */
  queued(bytes: number): void;
  /** A client read from the log (`read`), or must read everything again, for the reason that is the outcome. */
  replayed(outcome: string, changes: number): void;
  closed(reason: CloseReason | "client"): void;
}

export const NO_HUB_METRICS: HubMetrics = {
  delivered: () => {},
  flushed: () => {},
  queued: () => {},
  replayed: () => {},
  closed: () => {},
};
