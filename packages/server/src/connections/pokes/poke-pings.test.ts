import { expect, test } from "bun:test";
import { PokePings } from "./poke-pings.ts";

test("each stream is pinged 30 seconds after it was added, and again every 30 seconds until it is removed", () => {
  const pings = new PokePings();
  const pinged: string[] = [];
  const stream = (name: string) => ({ ping: () => void pinged.push(name) });
  const [first, second] = [stream("first"), stream("second")];
  pings.add(first, 0);
  pings.add(second, 10_000);
  pings.tick(29_999);
  expect(pinged).toEqual([]);
  pings.tick(30_000);
  expect(pinged).toEqual(["first"]);
  pings.tick(40_000);
  expect(pinged).toEqual(["first", "second"]);
  pings.tick(60_000);
  expect(pinged).toEqual(["first", "second", "first"]);
  pings.remove(first);
  pings.tick(1_000_000);
  expect(pinged).toEqual(["first", "second", "first", "second"]);
});

test("a stream that removes itself while it is pinged is not pinged again", () => {
  const pings = new PokePings();
  let count = 0;
  const stream = {
    ping: () => {
      count += 1;
      pings.remove(stream);
    },
  };
  pings.add(stream, 0);
  pings.tick(30_000);
  pings.tick(60_000);
  expect(count).toBe(1);
});
