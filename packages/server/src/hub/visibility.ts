import type { OutgoingEvent, Subscription } from "@headwater/protocol";
import type { Eventually } from "../lib/scheduling/eventually.ts";
import type { Meter } from "../lib/scheduling/meter.ts";
import type { Change } from "../log/change.ts";
import type { VisibilityChanges, VisibilityDiffSince } from "./reassignments.ts";
import type { AudienceRules } from "./roster.ts";

/**
 * What a change is to a subscription.
 *
 * - `undefined`: nothing. The principal can't see it.
 * - `unknown`: it can't be told any more. The client has to read everything again.
 * - `untold`: in a replay, the record appeared, but is gone by now. Nor is that told, since the client never had it.
 */
export type EventOutcome = OutgoingEvent | "unknown" | "untold" | undefined;
/** The record of a principal that is no guest. */
export interface Account {
  readonly collection: string;
  readonly id: string;
}

/** Who can see what, and as which event. The hub itself knows no rule, no record and no database. */
export interface Visibility<Principal> extends AudienceRules<Principal> {
  /** The topics that a change appears on, each once. */
  topicsOf(change: Change): readonly string[];
  /** What the record had before the change, and has after it, in the field that routes the subscription's audience. */
  routingValues(change: Change, subscription: Subscription, principal: Principal): Promise<readonly unknown[]>;
  /**
   * What a subscription gets for a change.
   *
   * @param meter for the work that begins only after this returns; rejects if it is exhausted
   */
  eventFor(
    change: Change,
    subscription: Subscription,
    principal: Principal,
    mode: "live" | "replayed",
    meter?: Meter,
  ): Eventually<EventOutcome>;
  /** The events of other records that a change makes visible or invisible. */
  visibilityChanges(change: Change, subscription: Subscription, principal: Principal): Promise<VisibilityChanges>;
  /** Keeps what a subscription can see before a change gives it another principal or other rules. */
  captureListener(subscription: Subscription, principal: Principal): VisibilityDiffSince<Principal>;
  /** Its own changes may change what it sees. */
  accountOf(principal: Principal): Account | undefined;
  /** Reads what the events of these changes, replayed, need besides the changes. */
  prepareReplay(changes: readonly Change[]): Promise<void>;
  /** Another number if the change, replayed, may be another event now; `undefined` if it must be evaluated each time. */
  replayVersion(change: Change): number | undefined;
  /** A change was delivered: what replays say of its record is different now. */
  changed(change: Change): void;
  /** Whether a missed change may have made records visible to the principal, or other records visible or invisible. */
  mayChangeVisibility(change: Change, subscription: Subscription, principal: Principal): boolean;
}
