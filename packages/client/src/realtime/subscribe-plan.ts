import { type Cursor, formatCursor } from "@headwater/protocol";
import type { SharedSubscription } from "./shared-subscription.ts";

/** One subscribe request to the server. */
export interface SubscribePlan {
  readonly names: readonly string[];
  readonly since: string | undefined;
  /** Subscriptions that are new on the link. */
  readonly added: readonly SharedSubscription[];
}

/**
 * Plans the next request. A request has one `since` for all new subscriptions: those with a cursor are requested
 * together from the lowest cursor, and events that some of them have already seen are dropped on arrival. Those without
 * a cursor need no replay, so they wait for the next request.
 *
 * @param isStale the server has other subscriptions than these, or an old token
 */
export function planSubscribe(entries: Iterable<SharedSubscription>, isStale: boolean): SubscribePlan | undefined {
  const all = [...entries];
  const unsubscribed = all.filter(({ state }) => state.kind === "unsubscribed");
  const subscribed = all.filter(({ state }) => state.kind !== "unsubscribed");
  const epoch = unsubscribed.find(({ cursor }) => cursor)?.cursor?.epoch;
  const added = unsubscribed.filter(({ cursor }) => cursor?.epoch === epoch);
  if (added.length === 0 && !isStale) return undefined;
  const since = epoch === undefined ? undefined : lowestCursor(added);
  return { names: [...subscribed, ...added].map(({ name }) => name), since, added };
}

function lowestCursor(entries: readonly SharedSubscription[]): string | undefined {
  const cursors = entries.flatMap(({ cursor }) => cursor ?? []);
  const lowest = cursors.reduce<Cursor | undefined>(
    (low, cursor) => (low && low.seq <= cursor.seq ? low : cursor),
    undefined,
  );
  return lowest && formatCursor(lowest);
}
