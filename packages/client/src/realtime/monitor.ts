import type { ConnectionState } from "../connection/connection-state.ts";
import type { HeadwaterError } from "../errors.ts";
import { notify } from "../notify.ts";

/** The current statistics of a connection. Counts are since the client was created, times in milliseconds. */
export interface RealtimeStats {
  readonly state: ConnectionState;
  /** Number of subscriptions on the server. */
  readonly subscriptions: number;
  /** Events received, including those of ended subscriptions. */
  readonly events: number;
  /** Bytes received. */
  readonly bytes: number;
  /** Number of connections after the first. */
  readonly reconnects: number;
  readonly resyncs: number;
  readonly warnings: number;
  /** Duration of the last connection attempt that succeeded. */
  readonly connectMs: number | undefined;
  /** Duration of the last subscribe request. */
  readonly latencyMs: number | undefined;
  /** Events queued for the app. */
  readonly queued: number;
  /** Events dropped because the app read too slowly. */
  readonly dropped: number;
}

/** An event of a connection, for monitoring. */
export type MonitorEvent =
  | { readonly kind: "state"; readonly state: ConnectionState }
  /** A connection has opened. `count` is the number of connections before it. */
  | { readonly kind: "connected"; readonly count: number }
  | { readonly kind: "latency"; readonly milliseconds: number }
  | { readonly kind: "resync"; readonly name: string; readonly reason: string }
  /** Invalid data was skipped, or a callback of the app threw an error. */
  | { readonly kind: "warning"; readonly error: HeadwaterError };

type Counts = Omit<RealtimeStats, "state" | "subscriptions" | "queued" | "dropped">;

/** Collects statistics and emits monitor events. */
export class Monitor {
  events = 0;
  bytes = 0;
  /** Events dropped by ended subscriptions. */
  dropped = 0;
  #resyncs = 0;
  #warnings = 0;
  #connections = 0;
  #connectMs: number | undefined;
  #latencyMs: number | undefined;
  readonly #listeners = new Set<(event: MonitorEvent) => void>();

  get counts(): Counts {
    return {
      events: this.events,
      bytes: this.bytes,
      resyncs: this.#resyncs,
      warnings: this.#warnings,
      reconnects: Math.max(0, this.#connections - 1),
      connectMs: this.#connectMs,
      latencyMs: this.#latencyMs,
    };
  }

  listen(listener: (event: MonitorEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  emit(event: MonitorEvent): void {
    notify(this.#listeners, event);
  }

  connected(afterMs: number): void {
    this.#connectMs = afterMs;
    this.emit({ kind: "connected", count: this.#connections });
    this.#connections += 1;
  }

  latency(milliseconds: number): void {
    this.#latencyMs = milliseconds;
    this.emit({ kind: "latency", milliseconds });
  }

  resync(name: string, reason: string): void {
    this.#resyncs += 1;
    this.emit({ kind: "resync", name, reason });
  }

  warning(error: HeadwaterError): void {
    this.#warnings += 1;
    this.emit({ kind: "warning", error });
  }
}
