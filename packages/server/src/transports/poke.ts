import { encodeRetry } from "@headwater/protocol";
import { FrameBatch } from "../hub/frame-batch.ts";
import type { Codec, Frame } from "../hub/frame.ts";
import type { CloseReason, Wire } from "../hub/wire.ts";

const message = (data: string): Frame => {
  const payload = `data: ${data}\n\n`;
  return { size: payload.length, payload };
};

export const CONNECTED = FrameBatch.of(message("connected"));
/** Sent through the session, which notices a full socket. */
export const PING = message("ping");
const SYNC = message("sync");
const SYNC_BATCH = FrameBatch.of(SYNC);

/** Every event becomes one word: there is something new, and the client pulls it. */
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

/** For WebSockets, which have their own message for a poke and send retry advice themselves. */
export const SOCKET_POKE_CODEC: Codec = { ...POKE_CODEC, id: "poke-socket", retry: () => undefined };

/** Pokes within this time become one. */
const POKE_WINDOW_MS = 50;

/** Carries pokes to one client over another wire, and merges those that come together. */
export class PokeWire implements Wire {
  readonly #wire: Wire;
  readonly #onPoke: () => void;
  #timer: Timer | undefined;
  #outcome: "sent" | "blocked" | "closed" = "sent";

  /** @param onPoke called for each poke that is sent */
  constructor(wire: Wire, onPoke: () => void = () => {}) {
    this.#wire = wire;
    this.#onPoke = onPoke;
  }

  get isClosed(): boolean {
    return this.#wire.isClosed;
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
      this.#outcome = this.#wire.send(SYNC_BATCH);
      if (this.#outcome !== "closed") this.#onPoke();
    }, POKE_WINDOW_MS);
  }

  /** The socket took everything. */
  drained(): void {
    this.#outcome = "sent";
  }

  close(reason: CloseReason): void {
    clearTimeout(this.#timer);
    this.#outcome = "closed";
    this.#wire.close(reason);
  }
}
