import { expect, test } from "bun:test";
import { change, flushed, openHub } from "../testing/hub-harness.ts";
import { DeliveryPosition } from "./delivery-position.ts";

test("what waits for the moment between two changes is done whatever else that waits throws", async () => {
  const progress = new DeliveryPosition(0);
  const done: number[] = [];
  const told = progress.deliver(1, async () => {
    progress.betweenChanges(() => void done.push(1));
    progress.betweenChanges(() => {
      throw new Error("mine");
    });
    progress.betweenChanges(() => void done.push(progress.seq));
    done.push(0);
  });
  expect(await told.then(String, String)).toBe("Error: mine");
  expect([done, progress.seq]).toEqual([[0, 1, 1], 1]);
});

test("a broadcast that can't be told keeps none of those behind it from being told", async () => {
  const { hub, join } = openHub();
  const ann = join("ann", "posts/*");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what no broadcast looks like
  const broken = hub.fanOutUnlogged({
    ...change(1),
    get record() {
      throw new Error("broken");
    },
  } as never);
  const whole = hub.fanOutUnlogged(change(2));
  expect(await broken.then(String, String)).toBe("Error: broken");
  await whole;
  await flushed();
  expect(ann.wire.events).toHaveLength(1);
});
