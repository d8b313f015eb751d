import { describe, expect, test } from "bun:test";
import { parseSubscription } from "@headwater/protocol";
import { pausedReplay } from "../replay/replay.ts";
import { change, flushed, openHub, untilTrue } from "../../testing/hub-harness.ts";

/** Little of the time, as more of it passes for each evaluation on a busy machine. */
const SHARE = 0.01;
const LIMITS = { perConnection: SHARE, clientOf: () => undefined };

/** Different subscriptions to the same topic, each of which has an audience of its own. */
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `posts/*?options=${i}`);
const reasons = (events: readonly { event: string; data: string }[]): unknown[] =>
  events.filter(({ event }) => event === "resync").map(({ data }) => JSON.parse(data).reason);

describe("a connection whose subscriptions take too long to evaluate", () => {
  test("gets a resync, and the others get the change", async () => {
    const { hub, join, visibility } = openHub(undefined, LIMITS);
    const slow = join("slow", ...many(1_000));
    const ann = join("ann", "posts/*");
    await hub.fanOut(change(1));
    await flushed();
    expect(visibility.presented.length).toBeLessThan(200);
    expect(ann.wire.events.map(({ id }) => id)).toEqual(["1"]);
    expect(slow.wire.events).toEqual([]);
    await untilTrue(() => slow.wire.events.length > 0);
    expect(slow.wire.events.map(({ event }) => event)).toEqual(["resync"]);
    expect(reasons(slow.wire.events)).toEqual(["overload"]);
  });

  test("gets one resync for all changes of a second, at the place from which it goes on", async () => {
    const { hub, join, visibility } = openHub(undefined, LIMITS);
    const slow = join("slow", ...many(300));
    for (let seq = 1; seq <= 20; seq += 1) await hub.fanOut(change(seq));
    // After the first, it costs nothing.
    expect(visibility.presented.length).toBeLessThan(200);
    await untilTrue(() => slow.wire.events.length > 0);
    hub.subscribe(slow.session, "slow", []);
    hub.subscribe(slow.session, "ann", [
      { name: "a", label: "a", topic: "posts/*", options: { query: {}, headers: {} } },
    ]);
    await hub.fanOut(change(21));
    await flushed();
    expect(slow.wire.events.map(({ id, event }) => [id, event])).toEqual([
      ["20", "resync"],
      ["21", "a"],
    ]);
  });

  test("counts together with the other connections of its client", async () => {
    const { hub, join, visibility } = openHub(undefined, {
      perConnection: SHARE,
      clientOf: ({ principal }) => principal,
    });
    const connections = Array.from({ length: 10 }, (_, i) => join("slow", ...many(40).map((name) => `${name}/${i}`)));
    await hub.fanOut(change(1));
    await untilTrue(() => connections.filter(({ wire }) => reasons(wire.events).length > 0).length > 0);
    // Alone, each is within its limit.
    expect(visibility.presented.filter((text) => text.endsWith("slow")).length).toBeLessThan(300);
  });

  test("is charged for what is evaluated later, too", async () => {
    const { hub, join, visibility } = openHub(undefined, LIMITS);
    const later = join("later", ...many(1_000));
    const ann = join("ann", "posts/*");
    await hub.fanOut(change(1));
    await flushed();
    expect(visibility.presented.length).toBeLessThan(200);
    expect(ann.wire.events.map(({ id }) => id)).toEqual(["1"]);
    await untilTrue(() => later.wire.events.length > 0);
    expect(reasons(later.wire.events)).toEqual(["overload"]);
  });

  test("is not limited without a limit", async () => {
    const { hub, join } = openHub();
    const slow = join("slow", ...many(150));
    await hub.fanOut(change(1));
    await flushed();
    expect(slow.wire.events).toHaveLength(150);
  });

  test("may resume from the log instead", async () => {
    const { hub, join, commit } = openHub(undefined, LIMITS);
    const slow = join("slow", ...many(300));
    await commit(change(1));
    const since = { seq: 0 };
    hub.subscribe(
      slow.session,
      "ann",
      [{ name: "a", label: "a", topic: "posts/*", options: { query: {}, headers: {} } }],
      since,
    );
    await untilTrue(() => slow.wire.events.length > 0);
    expect(slow.wire.events.map(({ id, event }) => [id, event])).toEqual([["1", "a"]]);
  });
});

test("ordinary connections are not limited, however many changes there are", async () => {
  const { hub, join } = openHub(undefined, LIMITS);
  const clients = Array.from({ length: 50 }, (_, i) => join(`user${i}`, "posts/*"));
  for (let seq = 1; seq <= 500; seq += 1) await hub.fanOut(change(seq));
  await flushed();
  expect(clients.map(({ wire }) => wire.events.length)).toEqual(clients.map(() => 500));
});

test("other work has its turn while a change is evaluated", async () => {
  const { hub, join } = openHub();
  join("slow", ...many(100));
  let turns = 0;
  let isDone = false;
  const count = (): void => {
    turns += 1;
    if (!isDone) setImmediate(count);
  };
  setImmediate(count);
  await hub.fanOut(change(1));
  isDone = true;
  expect(turns).toBeGreaterThan(5);
});

test("what a session reads from the log is not evaluated for it live", async () => {
  const { hub, join, visibility } = openHub();
  const { session } = join("ann", "posts/*");
  session.startCatchUp(pausedReplay(0));
  await hub.fanOut(change(1));
  expect(visibility.presented).toEqual([]);
});

describe("a change of an account", () => {
  /** Subscriptions that take long to read, and few to whom. */
  const heavy = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => `posts/*?options=${"x".repeat(2_000)}${i}`);

  test("closes connections whose subscriptions take too long to read again, and keeps the others", () => {
    const { hub, join } = openHub();
    const connections = Array.from({ length: 5 }, () => join("ann", ...heavy(100)));
    const light = Array.from({ length: 100 }, () => join("ann", "posts/*"));
    hub.changePrincipal(hub.sessionsOf("ann"), "bob");
    const open = connections.filter(({ session }) => !session.isClosed);
    expect(open).toHaveLength(1);
    expect([...open, ...light].every(({ session }) => session.principal === "bob")).toBe(true);
    expect(connections.at(-1)!.wire.closed).toBe("failed");
  });
});

describe("subscriptions that were prepared", () => {
  test("count as read for the same principal alone, and under the same collections", async () => {
    const { hub, open, visibility } = openHub();
    const names = ["posts/*", "posts/r1"];
    const subscriptions = names.map((name) => ({ ...parseSubscription(name), label: "one" }));
    const prepared = await hub.prepare("ann", subscriptions);
    const asked = visibility.asked.length;
    hub.subscribe(open().session, "ann", subscriptions, undefined, prepared);
    expect(visibility.asked.slice(asked)).toEqual([""]);
    hub.subscribe(open().session, "bob", subscriptions, undefined, prepared);
    expect(visibility.asked.slice(asked + 1)).toEqual(["", ...names]);
    hub.reindexAll(
      () => {},
      (principal) => principal,
    );
    const before = visibility.asked.length;
    hub.subscribe(open().session, "ann", subscriptions, undefined, prepared);
    expect(visibility.asked.slice(before)).toEqual(["", ...names]);
  });
});
