import { expect, test } from "bun:test";
import { change, flushed, openHub } from "../testing/hub-harness.ts";
import { DeliveryPosition } from "./delivery-position.ts";

test("everything that waits for the gap between two changes runs, even if some of it throws", async () => {
  const position = new DeliveryPosition(0);
  const ran: number[] = [];
  const delivered = position.deliver(1, async () => {
    position.betweenChanges(() => void ran.push(1));
    position.betweenChanges(() => {
      throw new Error("mine");
    });
    position.betweenChanges(() => void ran.push(position.seq));
    ran.push(0);
  });
  expect(await delivered.then(String, String)).toBe("Error: mine");
  expect([ran, position.seq]).toEqual([[0, 1, 1], 1]);
});

test("a broadcast that fails does not hold up the next one", async () => {
  const { hub, join } = openHub();
  const ann = join("ann", "posts/*");
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no broadcast looks like this
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
