import { type Cursor, formatCursor } from "@headwater/protocol";
import type { SharedSubscription } from "./shared-subscription.ts";

/** One request to the server. */
export interface SubscribePlan {
  readonly names: readonly string[];
  readonly since: string | undefined;
  /** Those that are new to the link with it. */
  readonly added: readonly SharedSubscription[];
}

/**
 * What to ask for next. One request has one `since`, which counts for all that are new in it: those that have a place are
 * asked for together from the lowest, and what some of them have seen already is dropped as it comes. Those without a
 * place want no history, so they wait for the next request.
 *
 * @param stale the server has other subscriptions than these, or knows them under another token
 */
export function planSubscribe(entries: Iterable<SharedSubscription>, stale: boolean): SubscribePlan | undefined {
  const all = [...entries];
  const unsubscribed = all.filter(({ state }) => state.kind === "away");
  const subscribed = all.filter(({ state }) => state.kind !== "away");
  const epoch = unsubscribed.find(({ cursor }) => cursor)?.cursor?.epoch;
  const added = unsubscribed.filter(({ cursor }) => cursor?.epoch === epoch);
  if (added.length === 0 && !stale) return undefined;
  const since = epoch === undefined ? undefined : lowest(added);
  return { names: [...subscribed, ...added].map(({ name }) => name), since, added };
}

function lowest(entries: readonly SharedSubscription[]): string | undefined {
  const places = entries.flatMap(({ cursor }) => cursor ?? []);
  const least = places.reduce<Cursor | undefined>(
    (low, place) => (low && low.seq <= place.seq ? low : place),
    undefined,
  );
  return least && formatCursor(least);
}
