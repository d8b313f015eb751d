import fc from "fast-check";
import { RawSocket } from "@headwater/testing/clients/raw-socket.ts";
import { encodeFrame, OP } from "@headwater/testing/clients/socket-frames.ts";
import { area } from "../lib/area.ts";
import { anyText } from "../lib/texts.ts";
import { within } from "../lib/within.ts";

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 130 }),
  anyText.map((text) => new Uint8Array(Buffer.from(text))),
  fc.constantFrom(new Uint8Array(126), new Uint8Array(65_535), new Uint8Array(65_536), new Uint8Array(70_000)),
);

const frame = fc.record({
  opcode: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(0, 1, 2, 8, 9, 10) }, fc.nat(15)),
  payload: bytes,
  isLast: fc.boolean(),
  isMasked: fc.oneof({ weight: 6, arbitrary: fc.constant(true) }, fc.constant(false)),
  reserved: fc.oneof({ weight: 6, arbitrary: fc.constant(0) }, fc.nat(7)),
  claimed: fc.option(fc.bigInt({ min: 0n, max: 2n ** 63n }), { nil: undefined, freq: 8 }),
});

/** Raw frames, valid or not. The server answers a ping after them, or closes the connection. */
export const frames = area(
  "frames",
  fc.record({ frames: fc.array(frame, { maxLength: 6 }), cut: fc.option(fc.nat(200), { nil: undefined, freq: 4 }) }),
  async (world, { frames: sent, cut }) => {
    const settled = Promise.withResolvers<void>();
    const socket = await RawSocket.open(`${world.url}/realtime/subscribe`, {
      onFrame: ({ opcode, payload }) => {
        if (opcode === OP.close || (opcode === OP.pong && payload.toString() === "last")) settled.resolve();
      },
      onEnd: () => settled.resolve(),
    });
    const all = Buffer.concat(
      sent.map(({ opcode, payload, claimed, ...options }) =>
        encodeFrame(opcode, payload, { ...options, ...(claimed !== undefined && { claimed }) }),
      ),
    );
    socket.send(all.subarray(0, cut));
    socket.send(encodeFrame(OP.ping, "last"));
    // A frame that claims more bytes than were sent is not answered: the server waits for the rest.
    const isCut = cut !== undefined || sent.some(({ claimed }) => claimed !== undefined);
    if (!isCut) await within(settled.promise, "an answer to a ping after odd frames");
    socket.close();
  },
);
