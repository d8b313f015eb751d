import { encodeRetry } from "@headwater/protocol";
import { FrameBatch } from "../hub/frame-batch.ts";
import type { Codec, Frame } from "../hub/frame.ts";
import type { CloseReason, Wire } from "../hub/wire.ts";

const message = (data: string): Frame => {
  const payload = `data: ${data}\n\n`;
  return { size: payload.length, payload };
};

export const CONNECTED = FrameBatch.of(message("connected"));
/** Through the session, so that a socket that is full is found. */
export const PING = message("ping");
const SYNC = message("sync");
const SYNC_ALONE = FrameBatch.of(SYNC);

/** Whatever a client would be told, it is told that there is something: what, it pulls. */
export const POKE_CODEC: Codec = {
  id: "poke",
  merges: true,
  encode: () => SYNC,
  heartbeat: () => undefined,
  retry(milliseconds) {
    const payload = encodeRetry(milliseconds);
    return { size: payload.length, payload };
  },
};

/** Where a poke is a message of the transport's own, which gives its advice itself. */
export const SOCKET_POKE_CODEC: Codec = { ...POKE_CODEC, id: "poke-socket", retry: () => undefined };

/** Pokes within this time are one. */
const GATHER_MS = 50;

/** Carries pokes to one client over another wire, those that come together as one. */
export class PokeWire implements Wire {
  readonly #wire: Wire;
  #timer: Timer | undefined;
  #outcome: "sent" | "blocked" | "closed" = "sent";

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  get gone(): boolean {
    return this.#wire.gone;
  }

  send(batch: FrameBatch): "sent" | "blocked" | "closed" {
    for (const text of batch.texts) {
      if (text === SYNC.payload) this.poke();
      else this.#outcome = this.#wire.send(FrameBatch.of({ size: text.length, payload: text }));
    }
    return this.#outcome;
  }

  poke(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#outcome = this.#wire.send(SYNC_ALONE);
    }, GATHER_MS);
  }

  /** The socket took all that it was given. */
  drained(): void {
    this.#outcome = "sent";
  }

  close(reason: CloseReason): void {
    clearTimeout(this.#timer);
    this.#outcome = "closed";
    this.#wire.close(reason);
  }
}
