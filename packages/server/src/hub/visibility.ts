import type { OutgoingEvent, Subscription } from "@headwater/protocol";
import type { Eventually } from "../lib/eventually.ts";
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

/** Who can see what, and as which event. The hub itself knows no rule, no record and no database. */
export interface Visibility<Principal> extends AudienceRules<Principal> {
  /** The topics that a change appears on, each once. */
  topicsOf(change: Change): readonly string[];
  /** What the record had before the change, and has after it, in the field that routes the subscription's audience. */
  routingValues(change: Change, subscription: Subscription, principal: Principal): Promise<readonly unknown[]>;
  /** What a subscription gets for a change. */
  eventFor(
    change: Change,
    subscription: Subscription,
    principal: Principal,
    mode: "live" | "replayed",
  ): Eventually<EventOutcome>;
  /** The events of other records that a change makes visible or invisible. */
  visibilityChanges(change: Change, subscription: Subscription, principal: Principal): Promise<VisibilityChanges>;
  /** Keeps what a subscription can see before a change gives it another principal or other rules. */
  captureListener(subscription: Subscription, principal: Principal): VisibilityDiffSince<Principal>;
  /** Whether a missed change may have made other records visible or invisible. */
  mayChangeVisibility(change: Change, subscription: Subscription, principal: Principal): boolean;
}
