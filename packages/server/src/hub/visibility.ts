import type { Subscription, OutgoingEvent } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import type { Listeners } from "./roster.ts";
import type { VisibilityChanges, MovesSince } from "./reassignments.ts";

/** Who may see what, and how it looks: the hub asks, and knows no rule, no record and no database. */
export interface Visibility<Principal> extends Listeners<Principal> {
  /** The topics that a change appears on, each once. */
  topicsOf(change: Change): readonly string[];
  /** What the record held before the change, and holds after it, in the field that the listener's audience requires. */
  held(change: Change, subscription: Subscription, principal: Principal): Promise<readonly unknown[]>;
  /** What the change is to a listener; `undefined` for those who may not see it. */
  present(
    change: Change,
    subscription: Subscription,
    principal: Principal,
    told: "live" | "replayed",
  ): Promise<OutgoingEvent | undefined>;
  /** What the change of a related record moves into and out of a listener's sight. */
  moves(change: Change, subscription: Subscription, principal: Principal): Promise<VisibilityChanges>;
  /** Remembers a listener that a change is about to make another. */
  remember(subscription: Subscription, principal: Principal): MovesSince<Principal>;
  /** May a change that was missed have moved more than its own record into or out of a listener's sight? */
  mayMove(change: Change, subscription: Subscription, principal: Principal): boolean;
}
