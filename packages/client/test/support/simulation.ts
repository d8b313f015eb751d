import { Api } from "../../src/api.ts";
import type { Clock } from "../../src/clock.ts";
import type { Identity } from "../../src/auth/identity.ts";
import { DEFAULT_BACKOFF } from "../../src/connection/backoff.ts";
import { Http } from "../../src/http.ts";
import { createRetry } from "../../src/retry.ts";
import type { SubscriptionEvent } from "../../src/realtime/events.ts";
import { Realtime } from "../../src/realtime/realtime.ts";
import type { Subscription } from "../../src/realtime/subscription.ts";
import type { Transport } from "../../src/transport/transport.ts";
import type { Faults } from "./faulty-network.ts";
import { isAbout, type ModelChange, type ModelServer, parseCursor } from "./model-server.ts";

export const RECORDS = ["a", "b", "c"];
export const TOPICS = ["items/*", ...RECORDS.map((record) => `items/${record}`)];

type Item = SubscriptionEvent<{ readonly id: string; readonly seq: number }>;

/** A subscription, the cursor it started from, and every event it got. */
export interface Follower {
  readonly topic: string;
  readonly since: string;
  readonly events: Item[];
  readonly subscription: Subscription<Item>;
  unsubscribed: boolean;
}

/** A client over a simulated transport, without HTTP. */
export function createSimulatedRealtime(clock: Clock, transport: Transport, random: () => number): Realtime {
  const http = new Http({
    url: "http://model",
    clock,
    fetch: () => Promise.reject(new Error("HTTP is not available in the simulation")),
  });
  const limits = { ...DEFAULT_BACKOFF, connectMs: 15_000, stableMs: 5_000, quietMs: 0 };
  const api = new Api(http, GUEST, createRetry(clock, random, limits));
  const lifecycle = (): (() => void) => () => undefined;
  return new Realtime({ api, transport, lifecycle, random, limits, strict: true, quietMs: undefined });
}

export function startFollower(realtime: Realtime, topic: string, since: string): Follower {
  const id = topic.split("/")[1]!;
  const options = { since, check: false, capacity: 100_000 } as const;
  const subscription = realtime.follow<{ readonly id: string; readonly seq: number }>("items", id, options);
  const events: Item[] = [];
  subscription.forEach((event) => events.push(event));
  return { topic, since, events, subscription, unsubscribed: false };
}

/**
 * Checks that the follower got every change of its topic after its cursor, once and in order. A `resync` moves the
 * cursor.
 *
 * @returns what is wrong, or `undefined`
 */
export function findViolation(
  { topic, since, events, unsubscribed }: Follower,
  server: ModelServer,
): string | undefined {
  let position = parseCursor(since)!;
  const nextChange = (): ModelChange | undefined =>
    server.logs
      .get(position.epoch)!
      .find(
        ({ seq, record, changesVisibility }) => seq > position.seq && (changesVisibility || isAbout(topic, record)),
      );
  for (const [i, event] of events.entries()) {
    const cursor = parseCursor(event.cursor);
    if (!cursor) return `event ${i} of ${topic} has no cursor`;
    if (event.action !== "resync") {
      const next = nextChange();
      if (cursor.epoch !== position.epoch || next?.seq !== cursor.seq || !isAbout(topic, next.record))
        return `event ${i} of ${topic} is ${event.cursor}, but the next change is ${position.epoch}.${next?.seq}`;
      if (event.action === "leave" || event.record.seq !== cursor.seq)
        return `event ${i} of ${topic} has the record of another change`;
    }
    position = cursor;
  }
  if (unsubscribed) return undefined;
  if (position.epoch !== server.epoch) return `${topic} is still in an old epoch`;
  const missed = nextChange();
  return missed && `${topic} never got ${missed.seq}`;
}

export const GUEST: Identity = {
  token: () => Promise.resolve(""),
  renew: () => Promise.resolve(false),
  onToken: () => () => undefined,
};

export function unsubscribe(follower: Follower): void {
  follower.unsubscribed = true;
  void follower.subscription.unsubscribe();
}

/** Leaves out each kind of fault in half of the runs, so that some runs have one kind and some have all. */
export function randomFaults(random: () => number): Faults {
  const chance = (most: number): number => (random() < 0.5 ? 0 : random() * most);
  return {
    refuseConnect: chance(0.6),
    neverGreet: chance(0.2),
    loseRequest: chance(0.4),
    loseResponse: chance(0.4),
    busy: chance(0.4),
    forgetSession: chance(0.2),
    cutAtFrame: chance(0.3),
    stallAtFrame: chance(0.1),
    delayMs: random() < 0.5 ? 5 : random() * 3_000,
  };
}

export function repeat(times: number, run: () => void): void {
  for (let i = 0; i < times; i += 1) run();
}
