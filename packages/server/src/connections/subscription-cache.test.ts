import { expect, test } from "bun:test";
import { NO_OPTIONS } from "@headwater/protocol";
import {
  isSubscriptionTooLong,
  MAX_SUBSCRIPTION_BYTES,
  socketSubscription,
  streamSubscription,
} from "./subscription-cache.ts";

const ofSocket = (topic: string, name: string) => ({ name, label: name, topic, options: NO_OPTIONS });

test("equal subscriptions are one object", () => {
  expect(streamSubscription("posts/*")).toBe(streamSubscription("posts/*"));
  expect(socketSubscription(ofSocket("posts/*", "posts.*"))).toBe(socketSubscription(ofSocket("posts/*", "posts.*")));
});

test("a stream's subscription is never taken for a WebSocket's", () => {
  const hostile = streamSubscription("notes/*\nnotes.*");
  expect(socketSubscription(ofSocket("notes/*", "notes.*"))).not.toBe(hostile);
  expect(streamSubscription("socket\nnotes/*\nnotes.*").topic).toBe("socket\nnotes/*\nnotes.*");
});

test("the limit counts bytes, not characters", () => {
  expect(isSubscriptionTooLong("x".repeat(MAX_SUBSCRIPTION_BYTES))).toBe(false);
  expect(isSubscriptionTooLong("é".repeat(MAX_SUBSCRIPTION_BYTES / 2 + 1))).toBe(true);
});
