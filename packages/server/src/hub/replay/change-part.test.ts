import { describe, expect, test } from "bun:test";
import { parseSubscription } from "@headwater/protocol";
import type { Cursor } from "../../log/cursors.ts";
import { change, cursors, flushed, openHub, type TestWire, untilTrue } from "../../testing/hub-harness.ts";

describe("a client that was cut off within a change", () => {
  const TOPICS = ["posts/*", "posts/r1", "posts/r1?options={}", "posts/*?options={}"].map(parseSubscription);

  test.each([1, 2, 3])("after %d of its 4 events, gets the others", async (read) => {
    const { hub, open, commit } = openHub();
    const first = open();
    hub.subscribe(first.session, "ann", TOPICS);
    await commit(change(1));
    await flushed();
    const names = first.wire.events.map(({ event }) => event);
    const back = open(cursorAt(first.wire, read));
    hub.subscribe(back.session, "ann", TOPICS);
    await commit(change(2, "r2"));
    await untilTrue(() => back.wire.events.length === 6 - read);
    expect(back.wire.events.slice(0, 4 - read).map(({ event }) => event)).toEqual(names.slice(read));
  });

  test("gets all of them again if it has other subscriptions now", async () => {
    const { hub, open, commit } = openHub();
    const first = open();
    hub.subscribe(first.session, "ann", TOPICS);
    await commit(change(1));
    await flushed();
    const since = cursorAt(first.wire, 1);
    const others = TOPICS.filter(({ name }) => name !== first.wire.events[0]!.event);
    const back = open(since);
    hub.subscribe(back.session, "ann", [...others, parseSubscription("posts/r1?options=2")]);
    await untilTrue(() => back.wire.events.length === 4);
  });
});

/** The cursor of the event that is the n-th. */
function cursorAt({ text }: TestWire, n: number): Cursor {
  const ids = [...text.matchAll(/^id:(.*)$/gm)].map(([, id]) => id!);
  return cursors.read(ids[n - 1]!)!;
}
