import { parseSubscription, type Subscription } from "@headwater/protocol";
import { LRUCache } from "lru-cache";

/** The longest that one subscription may be, in bytes, options included. */
export const MAX_SUBSCRIPTION_BYTES = 2_500;

/** Characters of all that are kept. */
const MAX_KEPT = 8 << 20;

const newCache = (): LRUCache<string, Subscription> =>
  new LRUCache({ max: 10_000, maxSize: MAX_KEPT, sizeCalculation: (_subscription, key) => key.length + 1 });

/** Two caches, so that the name of a stream's subscription is its key: a joined key would be another copy of it. */
const ofStreams = newCache();
const ofSockets = newCache();

export const isSubscriptionTooLong = (name: string): boolean => Buffer.byteLength(name) > MAX_SUBSCRIPTION_BYTES;

/** A subscription of an event stream. Thousands of clients may have the same one: they share one object and its text. */
export const streamSubscription = (name: string): Subscription =>
  cached(ofStreams, name, () => parseSubscription(name));

/** A subscription of a WebSocket, shared in the same way. */
export const socketSubscription = (subscription: Subscription): Subscription =>
  cached(ofSockets, `${subscription.topic}\n${subscription.name}`, () => subscription);

function cached(cache: LRUCache<string, Subscription>, key: string, create: () => Subscription): Subscription {
  let subscription = cache.get(key);
  if (!subscription) cache.set(key, (subscription = create()));
  return subscription;
}
