import { parseCursor } from "@headwater/protocol";
import { Api } from "../../src/api.ts";
import type { Clock } from "../../src/clock.ts";
import type { Identity } from "../../src/auth/identity.ts";
import { BACKOFF } from "../../src/connection/backoff.ts";
import { Http } from "../../src/http.ts";
import { patience } from "../../src/patience.ts";
import type { SubscriptionEvent } from "../../src/realtime/events.ts";
import { Realtime } from "../../src/realtime/realtime.ts";
import type { Subscription } from "../../src/realtime/subscription.ts";
import type { Transport } from "../../src/transport/transport.ts";
import type { Faults } from "./faulty-network.ts";
import { isAbout, type ModelChange, type ModelServer } from "./model-server.ts";

export const RECORDS = ["a", "b", "c"];
export const TOPICS = ["items/*", ...RECORDS.map((record) => `items/${record}`)];

type Item = SubscriptionEvent<{ readonly id: string; readonly seq: number }>;

/** A subscription, where it began, and all that it was told. */
export interface Follower {
  readonly topic: string;
  readonly since: string;
  readonly events: Item[];
  readonly subscription: Subscription<Item>;
  left: boolean;
}

/** A client whose transport is a model, and that has no HTTP at all. */
export function makeRealtime(clock: Clock, transport: Transport, random: () => number): Realtime {
  const http = new Http({
    url: "http://model",
    clock,
    fetch: () => Promise.reject(new Error("there is no HTTP here")),
  });
  const limits = { ...BACKOFF, connectMs: 15_000, stableMs: 5_000, quietMs: 0 };
  const api = new Api(http, GUEST, patience(clock, random, limits));
  const environment = (): (() => void) => () => undefined;
  return new Realtime({ api, transport, environment, random, limits, strict: true, quietMs: undefined });
}

export function follow(realtime: Realtime, topic: string, since: string): Follower {
  const id = topic.split("/")[1]!;
  const options = { since, check: false, capacity: 100_000 } as const;
  const subscription = realtime.follow<{ readonly id: string; readonly seq: number }>("items", id, options);
  const events: Item[] = [];
  subscription.forEach((event) => events.push(event));
  return { topic, since, events, subscription, left: false };
}

/**
 * What was told must be all of the log that the topic is about, from where it began, in order and once; a `resync` is a new
 * beginning. @returns what is wrong
 */
export function judge({ topic, since, events, left }: Follower, server: ModelServer): string | undefined {
  let place = parseCursor(since)!;
  const after = (): ModelChange | undefined =>
    server.logs
      .get(place.epoch)!
      .find(({ seq, record, moves }) => seq > place.seq && (moves || isAbout(topic, record)));
  for (const [i, event] of events.entries()) {
    const cursor = parseCursor(event.cursor ?? "");
    if (!cursor) return `event ${i} of ${topic} has no cursor`;
    if (event.action !== "resync") {
      const next = after();
      if (cursor.epoch !== place.epoch || next?.seq !== cursor.seq || !isAbout(topic, next.record))
        return `event ${i} of ${topic} is ${event.cursor}, but what comes next is ${place.epoch}.${next?.seq}`;
      if (event.action === "leave" || event.record.seq !== cursor.seq)
        return `event ${i} of ${topic} has another change's record`;
    }
    place = cursor;
  }
  if (left) return undefined;
  if (place.epoch !== server.epoch) return `${topic} is still in another life of the log`;
  const missed = after();
  return missed && `${topic} never heard of ${missed.seq}`;
}

export const GUEST: Identity = {
  token: () => Promise.resolve(""),
  renew: () => Promise.resolve(false),
  onToken: () => () => undefined,
};

export function leave(follower: Follower): void {
  follower.left = true;
  void follower.subscription.unsubscribe();
}

/** Some runs are calm but for one kind of fault, some have all of them. */
export function drawFaults(random: () => number): Faults {
  const chance = (most: number): number => (random() < 0.5 ? 0 : random() * most);
  return {
    refuseConnect: chance(0.6),
    neverGreet: chance(0.2),
    loseRequest: chance(0.4),
    loseAnswer: chance(0.4),
    busy: chance(0.4),
    forget: chance(0.2),
    cutAtFrame: chance(0.3),
    stallAtFrame: chance(0.1),
    delayMs: random() < 0.5 ? 5 : random() * 3_000,
  };
}

export function repeat(times: number, run: () => void): void {
  for (let i = 0; i < times; i += 1) run();
}
