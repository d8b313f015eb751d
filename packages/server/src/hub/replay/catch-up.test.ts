import { describe, expect, test } from "bun:test";
import { parseSubscription } from "@headwater/protocol";
import fc from "fast-check";
import type { Cursor } from "../../log/cursors.ts";
import { change, flushed, readResync, type TestClient, openHub, type TestWire } from "../../testing/hub-harness.ts";

const POSTS = [parseSubscription("posts/*")];
const at = (seq: number): Cursor => ({ seq });
const seqs = ({ wire }: TestClient): (number | undefined)[] =>
  wire.events.filter(({ event }) => event !== "resync").map(({ id }) => (id ? Number.parseInt(id, 10) : undefined));
const resyncs = ({ wire }: TestClient): unknown[] =>
  wire.events.filter(({ event }) => event === "resync").map(({ data }) => readResync(data));

describe("a client that reconnects", () => {
  test("gets what it missed, in order, then what is live, each once", async () => {
    const { hub, open, commit } = openHub();
    for (let seq = 1; seq <= 300; seq += 1) await commit(change(seq));
    const client = open();
    hub.subscribe(client.session, "ann", POSTS, at(2));
    for (let seq = 301; seq <= 310; seq += 1) await commit(change(seq));
    await until(() => seqs(client).length === 308);
    await flushed();
    expect(seqs(client)).toEqual(Array.from({ length: 308 }, (_, i) => i + 3));
  });

  test("catches up even if the end of the log is gone", async () => {
    const { hub, open, commit, log } = openHub();
    for (let seq = 1; seq <= 5; seq += 1) await commit(change(seq));
    log.splice(3);
    const client = open();
    hub.subscribe(client.session, "ann", POSTS, at(1));
    await until(() => seqs(client).length === 2);
    await commit(change(6));
    await until(() => seqs(client).length === 3);
    expect(seqs(client)).toEqual([2, 3, 6]);
  });

  test("gets what it missed since its last event id, once it subscribes", async () => {
    const { hub, open, commit } = openHub();
    for (let seq = 1; seq <= 3; seq += 1) await commit(change(seq));
    const client = open(at(1));
    hub.subscribe(client.session, "ann", []);
    hub.subscribe(client.session, "ann", POSTS);
    await until(() => seqs(client).length === 2);
    hub.subscribe(client.session, "ann", [...POSTS, parseSubscription("posts/r9")]);
    await commit(change(4));
    await until(() => seqs(client).length === 3);
    expect(seqs(client)).toEqual([2, 3, 4]);
  });

  test("gets what it can see now, not what it could have seen then", async () => {
    const { hub, open, commit } = openHub();
    await commit(change(1, "secret-ann"));
    await commit(change(2, "secret-bob"));
    await commit(change(3));
    const client = open();
    hub.subscribe(client.session, "bob", POSTS, at(0));
    await until(() => seqs(client).length === 2);
    expect(seqs(client)).toEqual([2, 3]);
  });

  test("is evaluated with the principal that it becomes while it catches up", async () => {
    const { hub, open, commit } = openHub();
    for (let seq = 1; seq <= 400; seq += 1) await commit(change(seq, "secret-ann"));
    const client = open();
    hub.subscribe(client.session, "ann", POSTS, at(0));
    await until(() => seqs(client).length > 0);
    hub.changePrincipal([client.session], "guest");
    const before = seqs(client).length;
    await commit(change(401));
    await until(() => seqs(client).at(-1) === 401);
    // Events that were evaluated already may still arrive; none is evaluated later.
    expect(seqs(client).length).toBeLessThanOrEqual(before + 2);
  });

  test("with a list's cursor ahead of delivery, gets nothing twice", async () => {
    const { hub, open, log } = openHub();
    log.push(change(1), change(2));
    const reader = open();
    hub.subscribe(reader.session, "ann", POSTS, at(1));
    await hub.fanOut(log[0]!);
    await hub.fanOut(log[1]!);
    await until(() => seqs(reader).length === 1);
    await flushed();
    expect(seqs(reader)).toEqual([2]);
  });
});

describe("a topic that is added with a cursor", () => {
  test("gets what it missed, and the others go on without a gap or a duplicate", async () => {
    const { hub, open, commit } = openHub();
    const { session, wire } = open();
    hub.subscribe(session, "ann", [parseSubscription("posts/a")]);
    for (const [i, record] of ["a", "b", "a", "b"].entries()) await commit(change(i + 1, record));
    hub.subscribe(session, "ann", [parseSubscription("posts/a"), parseSubscription("posts/b")], at(0));
    for (const [i, record] of ["a", "b"].entries()) await commit(change(i + 5, record));
    await until(() => wire.events.length === 6);
    await flushed();
    const idsOfEvent = (event: string): unknown[] =>
      wire.events.filter((each) => each.event === event).map(({ id }) => id);
    expect([idsOfEvent("posts/a"), idsOfEvent("posts/b")]).toEqual([
      ["1", "3", "5"],
      ["2 named", "4", "6"],
    ]);
  });

  test("whose cursor is too old gets a resync, and the others miss nothing meanwhile", async () => {
    const { hub, open, commit, trimmed } = openHub();
    const joined = open();
    hub.subscribe(joined.session, "ann", [parseSubscription("posts/a")]);
    for (let seq = 1; seq <= 4; seq += 1) await commit(change(seq, "a"));
    trimmed.to = 2;
    hub.subscribe(joined.session, "ann", [parseSubscription("posts/a"), parseSubscription("posts/b")], at(1));
    const committed = commit(change(5, "a")).then(() => commit(change(6, "b")));
    await until(() => joined.wire.events.length === 7);
    await committed;
    expect(seqs(joined)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(resyncs(joined)).toEqual([{ reason: "expired", cursor: "4 named", subscriptions: ["posts/b"] }]);
  });
});

describe("if catching up is impossible", () => {
  test.each([
    ["the log was trimmed past the cursor", { reason: "expired" }, at(1)],
    ["the log has another epoch", { reason: "epoch" }, { lost: "epoch" } as const],
    ["the cursor is ahead of the log", { reason: "unknown" }, at(99)],
  ])("because %s, the client gets a resync and goes on live", async (_name, why, since) => {
    const { hub, open, commit, trimmed } = openHub();
    for (let seq = 1; seq <= 5; seq += 1) await commit(change(seq));
    trimmed.to = 3;
    const client = open();
    hub.subscribe(client.session, "ann", POSTS, since);
    await until(() => resyncs(client).length === 1);
    await commit(change(6));
    await until(() => seqs(client).length === 1);
    expect(resyncs(client)).toEqual([{ ...why, cursor: "5", subscriptions: ["posts/*"] }]);
    expect(seqs(client)).toEqual([6]);
  });

  test("a cursor at the oldest seq that is left still works", async () => {
    const { hub, open, commit, trimmed } = openHub();
    for (let seq = 1; seq <= 5; seq += 1) await commit(change(seq));
    trimmed.to = 3;
    const client = open();
    hub.subscribe(client.session, "ann", POSTS, at(3));
    await until(() => seqs(client).length === 2);
    expect([seqs(client), resyncs(client)]).toEqual([[4, 5], []]);
  });
});

test("a thousand clients that reconnect from the same cursor cost one evaluation per change", async () => {
  const { hub, open, commit, visibility } = openHub();
  for (let seq = 1; seq <= 5; seq += 1) await commit(change(seq));
  const clients = Array.from({ length: 1_000 }, () => open());
  for (const { session } of clients) hub.subscribe(session, "ann", POSTS, at(0));
  await until(() => clients.every((each) => seqs(each).length === 5));
  expect(visibility.presented).toHaveLength(5);
});

test("clients that reconnect and do not read keep no one else from catching up", async () => {
  const { hub, open, commit } = openHub(100_000);
  for (let seq = 1; seq <= 100; seq += 1) await commit(change(seq));
  for (let i = 0; i < 100; i += 1) {
    const stalled = open();
    stalled.wire.full = true;
    hub.subscribe(stalled.session, "ann", POSTS, at(0));
  }
  const reader = open();
  hub.subscribe(reader.session, "ann", POSTS, at(0));
  await until(() => seqs(reader).length === 100);
});

test("a replay larger than the queue's limit is sent piece by piece", async () => {
  const { hub, open, commit } = openHub(100_000);
  for (let seq = 1; seq <= 3_000; seq += 1) await commit(change(seq, `r${"x".repeat(100)}${seq}`));
  const client = open();
  hub.subscribe(client.session, "ann", POSTS, at(0));
  await until(() => seqs(client).length === 3_000);
  expect(client.wire.closed).toBeUndefined();
});

test("however changes, disconnects, stalls and reconnects interleave, a client gets each change once and in order", async () => {
  const step = fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constantFrom("commit" as const, "turn" as const) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constantFrom("leave" as const, "block" as const, "drain" as const, "more" as const),
        who: fc.nat(2),
      }),
    },
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
      const { hub, open, commit } = openHub();
      const clients = [0, 1, 2].map(
        () => new ReconnectingClient(open, (joined, since) => hub.subscribe(joined.session, "ann", POSTS, since)),
      );
      let seq = 0;
      const commits: Promise<void>[] = [];
      let last = Promise.resolve();
      for (const action of steps) {
        if (action.do === "commit") {
          const next = change((seq += 1));
          last = last.then(() => commit(next));
          commits.push(last);
        } else if (action.do === "turn") await flushed();
        else if ("who" in action) clients[action.who]![action.do]();
      }
      await Promise.all(commits);
      for (const client of clients) client.drain();
      await until(() => clients.every((client) => client.seen.at(-1) === (seq || undefined)));
      const expected = Array.from({ length: seq }, (_, i) => i + 1);
      for (const client of clients) expect(client.seen).toEqual(expected);
    }),
    { numRuns: 150 },
  );
});

/** A client that reconnects with the cursor of the last event that it read. */
class ReconnectingClient {
  readonly #open: () => TestClient;
  readonly #subscribe: (joined: TestClient, since: Cursor) => void;
  readonly #read: number[] = [];
  #now: TestClient;

  constructor(open: () => TestClient, subscribe: (joined: TestClient, since: Cursor) => void) {
    this.#open = open;
    this.#subscribe = subscribe;
    this.#now = open();
    subscribe(this.#now, at(0));
  }

  get seen(): readonly number[] {
    return [...this.#read, ...idsOf(this.#now.wire)];
  }

  leave(): void {
    this.#read.push(...idsOf(this.#now.wire));
    this.#now.session.ended();
    this.#now = this.#open();
    this.#subscribe(this.#now, at(this.#read.at(-1) ?? 0));
  }

  block(): void {
    this.#now.wire.full = true;
  }

  drain(): void {
    this.#now.wire.full = false;
    this.#now.session.drained();
  }

  /** Subscribes again, as SDKs do when a topic is added. */
  more(): void {
    this.#subscribe(this.#now, at(this.seen.at(-1) ?? 0));
  }
}

const idsOf = (wire: TestWire): number[] => wire.events.map(({ id }) => Number.parseInt(id!, 10));

/** Waits, turn by turn, until a condition holds. */
async function until(holds: () => boolean): Promise<void> {
  for (let turns = 0; !holds(); turns += 1) {
    if (turns > 100_000) throw new Error("the condition never held");
    await new Promise((resolve) => setImmediate(resolve));
  }
}
