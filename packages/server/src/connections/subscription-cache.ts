import { parseSubscription, type Subscription } from "@headwater/protocol";
import { LRUCache } from "lru-cache";

/** The longest that one subscription may be, in bytes, options included. */
export const MAX_SUBSCRIPTION_BYTES = 2_500;

const cache = new LRUCache<string, Subscription>({ max: 10_000 });

export const isSubscriptionTooLong = (name: string): boolean => Buffer.byteLength(name) > MAX_SUBSCRIPTION_BYTES;

/** A subscription of an event stream. Thousands of clients may have the same one: they share one object and its text. */
export const streamSubscription = (name: string): Subscription =>
  cached(`stream\n${name}`, () => parseSubscription(name));

/** A subscription of a WebSocket, shared in the same way. */
export const socketSubscription = (subscription: Subscription): Subscription =>
  cached(`socket\n${subscription.topic}\n${subscription.name}`, () => subscription);

function cached(key: string, create: () => Subscription): Subscription {
  let subscription = cache.get(key);
  if (!subscription) cache.set(key, (subscription = create()));
  return subscription;
}
