import type { EventAction } from "@headwater/protocol";

/** A record as the server shows it. */
export interface RecordModel {
  readonly id: string;
  readonly collectionId: string;
  readonly collectionName: string;
  readonly [field: string]: unknown;
}

/**
 * What happened to a record: `create`, `update`, `delete`; and from a Headwater server `enter` and `leave`, when a change
 * made it visible to the subscription, or hid it.
 */
export interface RecordChange<T = RecordModel> {
  readonly action: EventAction;
  readonly record: T;
  /** The place of the change in the server's log, to resume from; absent where the server has none. */
  readonly cursor: string | undefined;
}

/**
 * Events may be missing before this one: read everything anew. The events that follow are complete again.
 *
 * `reconnected`: the server keeps no log, and the connection was cut. `overflow`: the app was slower than the stream, and
 * what waited for it was dropped. The others are a Headwater server's reasons: `expired` (the changes were trimmed),
 * `epoch` (another life of the log), `unknown` (a place that the log has not reached).
 */
export interface Resync {
  readonly action: "resync";
  readonly reason: "reconnected" | "overflow" | "expired" | "epoch" | "unknown";
  readonly cursor: string | undefined;
}

/** What a subscription gives, in the order of the server's commits. */
export type SubscriptionEvent<T = RecordModel> = RecordChange<T> | Resync;

/** Whether an event's data is that of a record's change; anything else is a message of some other kind. */
export function isRecordData(data: unknown): data is { readonly action: EventAction; readonly record: RecordModel } {
  return typeof data === "object" && data !== null && "action" in data && "record" in data;
}

const REASONS: ReadonlySet<string> = new Set<Resync["reason"]>(["expired", "epoch", "unknown"]);

/** A server's `resync`, for whatever reason it gives. */
export function readResync(data: unknown, cursor: string | undefined): Resync {
  const reason = typeof data === "object" && data !== null && "reason" in data ? String(data.reason) : "";
  return { action: "resync", reason: REASONS.has(reason) ? (reason as Resync["reason"]) : "unknown", cursor };
}
