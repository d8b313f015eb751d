import { expect, test } from "bun:test";
import { type ChangeEvent, inOrder, partsOf, splitAt } from "./change-part.ts";

const events = inOrder(["a", "b", "c", "d", "e"].map((name): ChangeEvent => ({ name })));
const apart = (list: readonly ChangeEvent[]) => list.map((event) => [event]);

test("a connection that is cut after each event of one change gets each of them once", () => {
  let [left, before] = [events, [] as readonly ChangeEvent[]];
  const got: (string | undefined)[] = [];
  while (left.length > 1) {
    const [part] = partsOf(apart(left), before);
    got.push(left[0]!.name);
    ({ sent: before, rest: left } = splitAt(events, part));
    expect(before.map(({ name }) => name)).toEqual(got);
  }
  expect([...got, left[0]!.name]).toEqual(events.map(({ name }) => name));
});

test("all events come again if they are not the same now", () => {
  const [, second] = partsOf(apart(events));
  const others = inOrder([...events.slice(1), { name: "new" }]);
  expect(splitAt(others, second)).toEqual({ sent: [], rest: others });
});
