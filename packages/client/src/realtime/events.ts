import type { EventAction } from "@headwater/protocol";

/** A record as the server shows it. */
export interface RecordModel {
  readonly id: string;
  readonly collectionId: string;
  readonly collectionName: string;
  readonly [field: string]: unknown;
}

/**
 * What happened to a record: `create`, `update`, `delete`; and from a Headwater server `enter`, when a change made it
 * visible to the subscription.
 */
export interface RecordChange<T = RecordModel> {
  readonly action: Exclude<EventAction, "leave">;
  readonly record: T;
  /** The place of the change in the server's log, to resume from; absent where the server has none. */
  readonly cursor: string | undefined;
}

/** A record may not be seen any more: no more is told of it than which it is. */
export interface RecordLeft {
  readonly action: "leave";
  readonly record: Pick<RecordModel, "id" | "collectionId" | "collectionName">;
  readonly cursor: string | undefined;
}

/**
 * Events may be missing before this one: read everything anew. The events that follow are complete again.
 *
 * `reconnected`: the server keeps no log, and the connection was cut. `overflow`: the app was slower than the stream, and
 * what waited for it was dropped. The others are a Headwater server's reasons: `expired` (the changes were trimmed),
 * `epoch` (another life of the log), `unknown` (a place that the log has not reached), `visibility` (a change of something
 * else moved more records into sight, or out of it, than can be told one by one).
 */
export interface Resync {
  readonly action: "resync";
  readonly reason: "reconnected" | "overflow" | "expired" | "epoch" | "unknown" | "visibility";
  readonly cursor: string | undefined;
}

/** What a subscription gives, in the order of the server's commits. */
export type SubscriptionEvent<T = RecordModel> = RecordChange<T> | RecordLeft | Resync;

/** Whether an event's data is that of a record's change; anything else is a message of some other kind. */
export function isRecordData(data: unknown): data is { readonly action: EventAction; readonly record: RecordModel } {
  return typeof data === "object" && data !== null && "action" in data && "record" in data;
}

const REASONS: ReadonlySet<string> = new Set<Resync["reason"]>(["expired", "epoch", "unknown", "visibility"]);

/** A server's `resync`, for whatever reason it gives, and the subscriptions that it is about; all if it names none. */
export function readResync(
  data: unknown,
  id: string | undefined,
): { readonly resync: Resync; readonly names: readonly string[] | undefined } {
  const { reason, cursor, subscriptions } = (typeof data === "object" && data !== null ? data : {}) as {
    readonly reason?: unknown;
    readonly cursor?: unknown;
    readonly subscriptions?: unknown;
  };
  const known = REASONS.has(String(reason)) ? (reason as Resync["reason"]) : "unknown";
  return {
    resync: { action: "resync", reason: known, cursor: typeof cursor === "string" ? cursor : id },
    names: Array.isArray(subscriptions) ? subscriptions.map(String) : undefined,
  };
}
