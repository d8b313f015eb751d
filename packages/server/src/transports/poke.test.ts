import { expect, test } from "bun:test";
import { FrameBatch } from "../hub/frame-batch.ts";
import type { Wire } from "../hub/wire.ts";
import { CONNECTED, PING, POKE_CODEC, PokeWire } from "./poke.ts";

/** Takes what is sent, and says how it went. */
function openWire(outcome: "sent" | "blocked" = "sent") {
  const sent: string[] = [];
  const heard = Promise.withResolvers<void>();
  const wire: Wire = {
    gone: false,
    send(batch) {
      sent.push(...batch.texts);
      if (batch.texts.some((text) => text.includes("sync"))) heard.resolve();
      return outcome;
    },
    close: () => {},
  };
  return { wire, sent, poked: heard.promise };
}

const telling = (data: string): FrameBatch =>
  FrameBatch.of(POKE_CODEC.encode({ kind: "record", source: "posts", time: 0, data }, ["posts/*"], "e.1"));

test("whatever is told is one word, and what comes together is one poke", async () => {
  const { wire, sent, poked } = openWire();
  const poke = new PokeWire(wire);
  poke.send(CONNECTED);
  for (const data of ['{"record":{"id":"secret"}}', '{"a":1}']) poke.send(telling(data));
  poke.poke();
  await poked;
  expect(sent).toEqual(["data: connected\n\n", "data: sync\n\n"]);
});

test("pings pass at once, and say when the socket is full", () => {
  const { wire, sent } = openWire("blocked");
  expect(new PokeWire(wire).send(FrameBatch.of(PING))).toBe("blocked");
  expect(sent).toEqual(["data: ping\n\n"]);
});
