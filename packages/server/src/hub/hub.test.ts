import { describe, expect, test } from "bun:test";
import { parseSubscription } from "@headwater/protocol";
import fc from "fast-check";
import { change, flushed, openHub, placeOf, readResync, type TestWire } from "../testing/hub-harness.ts";

describe("fan-out", () => {
  test("only audiences of the topic are evaluated, once for all of their sessions", async () => {
    const { hub, join, visibility } = openHub();
    const listeners = [join("ann", "posts/*"), join("ann", "posts/*"), join("bob", "posts/*"), join("ann", "other/*")];
    await hub.fanOut(change(1));
    await flushed();
    expect(visibility.presented).toEqual(["posts/* ann", "posts/* bob"]);
    expect(listeners.map(({ wire }) => wire.events.length)).toEqual([1, 1, 1, 0]);
    expect(listeners[0]!.wire.events).toEqual([{ id: "1", event: "posts/*", data: '{"record":"r1"}' }]);
  });

  test("of a thousand subscribers to one record each, only the changed record's is evaluated", async () => {
    const { hub, join, visibility } = openHub();
    const listeners = Array.from({ length: 1_000 }, (_, i) => join(`only-r${i}`, "posts/*"));
    await hub.fanOut(change(1, "r7"));
    await hub.fanOut(change(2, "nobody's"));
    await flushed();
    expect(visibility.presented).toEqual(["posts/* only-r7"]);
    expect(listeners.flatMap(({ wire }, i) => (wire.events.length > 0 ? [i] : []))).toEqual([7]);
    for (const { session } of listeners) session.ended();
    await hub.fanOut(change(3, "r7"));
    expect(visibility.presented).toHaveLength(1);
  });

  test("a principal that can't see a change gets nothing", async () => {
    const { hub, join } = openHub();
    const ann = join("ann", "posts/*");
    const bob = join("bob", "posts/*");
    await hub.fanOut(change(1, "secret-ann"));
    await flushed();
    expect([ann.wire.events.length, bob.wire.events.length]).toEqual([1, 0]);
  });

  test("a change that reaches a session on two topics carries its cursor in the last frame, and a part of it before", async () => {
    const { hub, join } = openHub();
    const { wire } = join("ann", "posts/*", "posts/r1");
    const other = join("bob", "posts/*");
    await hub.fanOut(change(7));
    await flushed();
    expect(wire.events.map(({ event }) => event).toSorted()).toEqual(["posts/*", "posts/r1"]);
    expect(wire.events.map(({ id }) => id)).toEqual(["7 part", "7"]);
    expect(other.wire.events.map(({ id }) => id)).toEqual(["7"]);
  });

  test("the event's name is exactly the subscription, options included", async () => {
    const { hub, join } = openHub();
    const name = `posts/*?options=${encodeURIComponent('{"query":{"fields":"id"}}')}`;
    const { wire } = join("ann", name);
    await hub.fanOut(change(1));
    await flushed();
    expect(wire.events[0]?.event).toBe(name);
  });

  test("a change that can't be evaluated is reported, and its audience must read everything again", async () => {
    const { hub, join, errors } = openHub();
    const { wire } = join("ann", "posts/*");
    const { wire: other } = join("bob", "posts/r2");
    await hub.fanOut(change(1, "poison"));
    await hub.fanOut(change(2, "r2"));
    await flushed();
    expect(errors).toHaveLength(1);
    expect(wire.events.map(({ id, event }) => [id, event])).toEqual([
      ["1", "resync"],
      ["2", "posts/*"],
    ]);
    expect(readResync(wire.events[0]!.data)).toEqual({
      reason: "visibility",
      cursor: "1 named",
      subscriptions: ["posts/*"],
    });
    expect(other.events.map(({ id }) => id)).toEqual(["2"]);
  });

  test("the frames of one turn leave in one write per connection", async () => {
    const { hub, join } = openHub();
    const { wire } = join("ann", "posts/*");
    for (let seq = 1; seq <= 5; seq += 1) await hub.fanOut(change(seq));
    expect(wire.writes).toBe(0);
    await flushed();
    expect(wire.writes).toBe(1);
    expect(wire.events.map(({ id }) => id)).toEqual(["1", "2", "3", "4", "5"]);
  });
});

describe("subscriptions", () => {
  test("a new set replaces the old one, and an empty set ends all subscriptions", async () => {
    const { hub, join } = openHub();
    const { session, wire } = join("ann", "posts/*");
    hub.subscribe(session, "ann", [parseSubscription("posts/r2")]);
    await hub.fanOut(change(1, "r1"));
    await hub.fanOut(change(2, "r2"));
    hub.subscribe(session, "ann", []);
    await hub.fanOut(change(3, "r2"));
    await flushed();
    expect(wire.events.map(({ id }) => id)).toEqual(["2"]);
  });

  test("when a principal is replaced, all its sessions are evaluated with the new one", async () => {
    const { hub, join } = openHub();
    const both = [join("ann", "posts/*"), join("ann", "posts/*")];
    hub.changePrincipal(hub.sessionsOf("ann"), "bob");
    await hub.fanOut(change(1, "secret-ann"));
    await hub.fanOut(change(2, "secret-bob"));
    await flushed();
    expect(both.map(({ wire }) => wire.events.map(({ id }) => id))).toEqual([["2"], ["2"]]);
  });

  test("the change that removes a principal reaches its sessions as who they were, and no later one", async () => {
    const { hub, join } = openHub();
    const { wire } = join("ann", "posts/*", "posts/secret-ann");
    const resubscribed = join("ann", "posts/*");
    const last = change(1, "secret-ann");
    hub.changePrincipal(hub.sessionsOf("ann"), "guest", last);
    hub.subscribe(resubscribed.session, "guest", [parseSubscription("posts/secret-ann")]);
    await hub.fanOut(last);
    await hub.fanOut(change(2, "secret-ann"));
    await hub.fanOut(change(3));
    hub.changePrincipal(hub.sessionsOf("guest"), "bob", change(4));
    await hub.fanOut(change(5));
    await flushed();
    expect(wire.events.map(({ id, event }) => [id, event])).toEqual([
      ["1 part", "posts/*"],
      ["1", "posts/secret-ann"],
      ["3", "posts/*"],
      ["5", "posts/*"],
    ]);
    expect(resubscribed.wire.events).toEqual([]);
  });

  test("a closed connection leaves nothing in the hub", async () => {
    const { hub, join, visibility } = openHub();
    const { session } = join("ann", "posts/*");
    session.ended();
    await hub.fanOut(change(1));
    expect([hub.size, hub.sessionsOf("ann").length, visibility.presented.length]).toEqual([0, 0, 0]);
  });
});

test("at shutdown, queued frames are still sent", async () => {
  const { hub, join } = openHub();
  const { wire, session } = join("ann", "posts/*");
  await hub.fanOut(change(1));
  session.close("shutdown");
  expect(wire.events.map(({ id }) => id)).toEqual(["1"]);
  expect([wire.closed, session.isClosed, hub.size]).toEqual(["shutdown", true, 0]);
});

test("however many subscribe to something else, only audiences that the change may reach are evaluated", async () => {
  const { hub, join, visibility } = openHub();
  for (let i = 0; i < 1_000; i += 1) {
    join("ann", ...Array.from({ length: 100 }, (_, k) => (k % 2 === 0 ? `posts/other${i}x${k}` : `c${i}x${k}/*`)));
  }
  const { wire } = join("ann", "posts/r1");
  await hub.fanOut(change(1));
  await flushed();
  expect(wire.events).toHaveLength(1);
  expect(visibility.presented).toEqual(["posts/r1 ann"]);
});

describe("slow and dead peers", () => {
  test("a full socket gets nothing until it drains, then everything that waited, in order", async () => {
    const { hub, join } = openHub();
    const { session, wire } = join("ann", "posts/*");
    wire.full = true;
    await hub.fanOut(change(1));
    await flushed();
    await hub.fanOut(change(2));
    await hub.fanOut(change(3));
    await flushed();
    expect(wire.writes).toBe(1);
    wire.full = false;
    session.drained();
    await flushed();
    expect(wire.events.map(({ id }) => id)).toEqual(["1", "2", "3"]);
    expect(wire.writes).toBe(2);
  });

  test("a connection over its limit is closed as slow, and no other is affected", async () => {
    const { hub, join } = openHub(150);
    const slow = join("ann", "posts/*");
    const quick = join("ann", "posts/*");
    slow.wire.full = true;
    for (let seq = 1; seq <= 8; seq += 1) {
      await hub.fanOut(change(seq));
      await flushed();
    }
    expect(slow.wire.closed).toBe("slow");
    expect(slow.session.isClosed).toBe(true);
    expect(quick.wire.closed).toBeUndefined();
    expect(quick.wire.events).toHaveLength(8);
  });

  test("one change larger than the limit still passes, on all topics that it matches", async () => {
    const { hub, join } = openHub(10);
    const { wire } = join("ann", "posts/*", "posts/r1");
    await hub.fanOut(change(1));
    await flushed();
    expect(wire.events).toHaveLength(2);
    expect(wire.closed).toBeUndefined();
  });

  test("changes of one turn are no backlog: together they may exceed the limit while the socket takes them", async () => {
    const { hub, join } = openHub(150);
    const { wire, session } = join("ann", "posts/*");
    for (let seq = 1; seq <= 8; seq += 1) await hub.fanOut(change(seq));
    await flushed();
    expect(wire.events.map(({ id }) => id)).toEqual(["1", "2", "3", "4", "5", "6", "7", "8"]);
    expect(session.isClosed).toBe(false);
  });

  test("a quiet connection gets a heartbeat, a busy one does not", async () => {
    const { hub, join } = openHub();
    const quiet = join("ann", "other/*");
    const busy = join("ann", "posts/*");
    await hub.fanOut(change(1));
    await flushed();
    hub.sendHeartbeats(hub.sessions());
    expect(heartbeatsOf(quiet.wire)).toEqual(["1"]);
    expect(busy.wire.text).not.toContain(":\nid");
    hub.sendHeartbeats(hub.sessions());
    expect(heartbeatsOf(busy.wire)).toEqual(["1"]);
  });

  test("a client that connected with a cursor and has not subscribed yet gets no cursor in its heartbeats", async () => {
    const { hub, open, commit } = openHub();
    await commit(change(1));
    const { wire } = open({ seq: 0 });
    hub.sendHeartbeats(hub.sessions());
    expect(wire.text).toBe(":\n\n");
  });

  test("a socket that stays full is closed as dead", async () => {
    const { hub, join } = openHub();
    const { wire } = join("ann", "posts/*");
    wire.full = true;
    await hub.fanOut(change(1));
    await flushed();
    for (let i = 0; i < 3; i += 1) hub.sendHeartbeats([...hub.sessions()]);
    expect(wire.closed).toBe("dead");
  });

  test("however sends, blocks and drains interleave, each connection gets its frames once and in order", async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant("send" as const) }),
      fc.record({ do: fc.constant("turn" as const) }),
      fc.record({ do: fc.constantFrom("block" as const, "drain" as const), who: fc.nat(3) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { hub, join } = openHub();
        const peers = [0, 1, 2, 3].map(() => join("ann", "posts/*"));
        let seq = 0;
        for (const action of steps) {
          if (action.do === "send") await hub.fanOut(change((seq += 1)));
          else if (action.do === "turn") await flushed();
          else if (action.do === "block") peers[action.who]!.wire.full = true;
          else {
            peers[action.who]!.wire.full = false;
            peers[action.who]!.session.drained();
          }
        }
        for (const { wire, session } of peers) {
          wire.full = false;
          session.drained();
        }
        await flushed();
        const expected = Array.from({ length: seq }, (_, i) => `${i + 1}`);
        for (const { wire } of peers) expect(wire.events.map(({ id }) => id!)).toEqual(expected);
      }),
      { numRuns: 100 },
    );
  });
});

const heartbeatsOf = ({ text }: TestWire): string[] =>
  [...text.matchAll(/:\nid:(.*)\n\n/g)].map(([, cursor]) => placeOf(cursor!));
