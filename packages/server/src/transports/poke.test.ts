import { expect, test } from "bun:test";
import { FrameBatch } from "../hub/frame-batch.ts";
import type { Wire } from "../hub/wire.ts";
import { CONNECTED, PING, POKE_CODEC, PokeWire } from "./poke.ts";

/** A wire that records what is sent and returns `outcome`. */
function openWire(outcome: "sent" | "blocked" = "sent") {
  const sent: string[] = [];
  const poked = Promise.withResolvers<void>();
  const wire: Wire = {
    isClosed: false,
    send(batch) {
      sent.push(...batch.texts);
      if (batch.texts.some((text) => text.includes("sync"))) poked.resolve();
      return outcome;
    },
    close: () => {},
  };
  return { wire, sent, poked: poked.promise };
}

const eventOf = (data: string): FrameBatch =>
  FrameBatch.of(POKE_CODEC.encode({ kind: "record", source: "posts", time: 0, data }, ["posts/*"], "e.1"));

test("every event becomes one word, and events that come together become one poke", async () => {
  const { wire, sent, poked } = openWire();
  const poke = new PokeWire(wire);
  poke.send(CONNECTED);
  for (const data of ['{"record":{"id":"secret"}}', '{"a":1}']) poke.send(eventOf(data));
  poke.poke();
  await poked;
  expect(sent).toEqual(["data: connected\n\n", "data: sync\n\n"]);
});

test("pings pass at once and report a full socket", () => {
  const { wire, sent } = openWire("blocked");
  expect(new PokeWire(wire).send(FrameBatch.of(PING))).toBe("blocked");
  expect(sent).toEqual(["data: ping\n\n"]);
});
