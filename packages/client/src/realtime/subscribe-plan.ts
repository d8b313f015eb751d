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
export function planNext(entries: Iterable<SharedSubscription>, stale: boolean): SubscribePlan | undefined {
  const all = [...entries];
  const away = all.filter(({ standing }) => standing.kind === "away");
  const present = all.filter(({ standing }) => standing.kind !== "away");
  const epoch = away.find(({ place }) => place)?.place?.epoch;
  const added = away.filter(({ place }) => place?.epoch === epoch);
  if (added.length === 0 && !stale) return undefined;
  const since = epoch === undefined ? undefined : lowest(added);
  return { names: [...present, ...added].map(({ name }) => name), since, added };
}

function lowest(entries: readonly SharedSubscription[]): string | undefined {
  const places = entries.flatMap(({ place }) => place ?? []);
  const least = places.reduce<Cursor | undefined>(
    (low, place) => (low && low.seq <= place.seq ? low : place),
    undefined,
  );
  return least && formatCursor(least);
}
