import type { CloseReason } from "./wire.ts";

/** What the hub measures. Called once a change, a flush, a replay or an end of a connection, never once a delivery. */
export interface HubMetrics {
  /** A change was told; `seconds` is what it took to find out who may see it. */
  told(seconds: number, deliveries: number): void;
  /** All that waited has been handed to the sockets, the oldest of it this long after its change was written. */
  flushed(lagSeconds: number): void;
  /** What waited for a connection when it was looked after. */
  queued(bytes: number): void;
  /** A client caught up, or was told to read everything anew and why. */
  replayed(outcome: string, changes: number): void;
  closed(reason: CloseReason | "client"): void;
}

export const NO_HUB_METRICS: HubMetrics = {
  told: () => {},
  flushed: () => {},
  queued: () => {},
  replayed: () => {},
  closed: () => {},
};
