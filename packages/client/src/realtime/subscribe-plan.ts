import type { SharedSubscription } from "./shared-subscription.ts";

/** One subscribe request to the server. */
export interface SubscribePlan {
  readonly names: readonly string[];
  /** The cursors of the new subscriptions that have one, by name. */
  readonly since: ReadonlyMap<string, string>;
  /** Subscriptions that are new on the link. */
  readonly added: readonly SharedSubscription[];
}

/**
 * Plans the next request: all that is new at once, each with its own cursor.
 *
 * @param isStale the server has other subscriptions than these, or an old token
 */
export function planSubscribe(entries: Iterable<SharedSubscription>, isStale: boolean): SubscribePlan | undefined {
  const all = [...entries];
  const added = all.filter(({ state }) => state.kind === "unsubscribed");
  if (added.length === 0 && !isStale) return undefined;
  const since = added.flatMap(({ name, cursor }) => (cursor === undefined ? [] : [[name, cursor] as const]));
  return { names: all.map(({ name }) => name), since: new Map(since), added };
}
