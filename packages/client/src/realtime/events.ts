import type { EventAction } from "@headwater/protocol";

/** A record as the server sends it. */
export interface RecordModel {
  readonly id: string;
  readonly collectionId: string;
  readonly collectionName: string;
  readonly [field: string]: unknown;
}

/**
 * A change of a record: `create`, `update` or `delete`. Headwater servers also send `enter`, when a change makes a
 * record match the subscription.
 */
export interface RecordChange<T = RecordModel> {
  readonly action: Exclude<EventAction, "leave">;
  readonly record: T;
  /** The change's cursor, to resume from. `undefined` if the server keeps no log. */
  readonly cursor: string | undefined;
}

/** The record no longer matches the subscription. Only identifies the record. */
export interface RecordLeft {
  readonly action: "leave";
  readonly record: Pick<RecordModel, "id" | "collectionId" | "collectionName">;
  readonly cursor: string | undefined;
}

/**
 * Events before this one may be missing: the app must reload. The events after it are complete.
 *
 * `reconnected`: the connection was lost, and the server keeps no log. `overflow`: the app read too slowly, and queued
 * events were dropped. The other reasons come from Headwater servers: `expired` (the missed changes are no longer in
 * the log), `epoch` (the log was replaced), `unknown` (the log hasn't reached the cursor), `visibility` (a change
 * affected the visibility of too many records to send them one by one), `overload` (the subscription's filter or expand is
 * too slow to be evaluated for each change).
 */
export interface Resync {
  readonly action: "resync";
  readonly reason: "reconnected" | "overflow" | "expired" | "epoch" | "unknown" | "visibility" | "overload";
  readonly cursor: string | undefined;
}

/** An event of a subscription. Events come in the order of the server's commits. */
export type SubscriptionEvent<T = RecordModel> = RecordChange<T> | RecordLeft | Resync;

/** Whether the data of an event is a record change. */
export function isRecordData(data: unknown): data is { readonly action: EventAction; readonly record: RecordModel } {
  return typeof data === "object" && data !== null && "action" in data && "record" in data;
}

const REASONS: ReadonlySet<string> = new Set<Resync["reason"]>([
  "expired",
  "epoch",
  "unknown",
  "visibility",
  "overload",
]);

/** Parses a server's `resync`. @returns also the names of the affected subscriptions; `undefined` means all */
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
