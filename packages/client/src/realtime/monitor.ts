import type { ConnectionState } from "../connection/connection-state.ts";
import type { HeadwaterError } from "../errors.ts";

/** How it goes, at one moment. Counts are since the client was made, times in milliseconds. */
export interface RealtimeStats {
  readonly state: ConnectionState;
  /** Subscriptions on the server. */
  readonly subscriptions: number;
  /** Events that came, those that nobody listens to any more included. */
  readonly events: number;
  /** Events that had come before, and were dropped. */
  readonly duplicates: number;
  /** Bytes of the streams. */
  readonly bytes: number;
  /** Connections after the first. */
  readonly reconnects: number;
  readonly resyncs: number;
  readonly warnings: number;
  /** From dialling to the greeting, the last time. */
  readonly connectMs: number | undefined;
  /** From a request for subscriptions to its answer, the last time. */
  readonly latencyMs: number | undefined;
  /** Events that wait for the app. */
  readonly queued: number;
  /** Events that the app was too slow for. */
  readonly dropped: number;
}

/** The same as it happens. */
export type MonitorEvent =
  | { readonly kind: "state"; readonly state: ConnectionState }
  /** The server has greeted; `count` connections came before this one. */
  | { readonly kind: "connected"; readonly count: number }
  | { readonly kind: "latency"; readonly milliseconds: number }
  | { readonly kind: "resync"; readonly name: string; readonly reason: string }
  /** Something was skipped, or a callback of the app has thrown. */
  | { readonly kind: "warning"; readonly error: HeadwaterError };

type Counts = Omit<RealtimeStats, "state" | "subscriptions" | "duplicates" | "queued" | "dropped">;

/** Counts, and tells. */
export class Monitor {
  events = 0;
  bytes = 0;
  /** By subscriptions that are over. */
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
    for (const listener of this.#listeners) listener(event);
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
