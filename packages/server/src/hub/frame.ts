import type { OutgoingEvent } from "@headwater/protocol";

/** One message of a transport, encoded once for all who get the same. */
export interface Frame {
  /** Bytes that it takes. */
  readonly size: number;
  /** Bytes for a stream, a text for a transport that has messages. */
  readonly payload: Uint8Array | string;
}

/** How a transport writes what its clients are told. */
export interface Codec {
  /** Differs for codecs that write differently. */
  readonly id: string;
  /** Does what reaches a session by several of its subscriptions arrive once, naming them all? */
  readonly merges: boolean;
  /**
   * @param names what the session calls those of its subscriptions that it is about; none if it is about all of them
   * @param cursor the change's place, if nothing more of the change follows
   */
  encode(telling: OutgoingEvent, names: readonly string[], cursor: string | undefined): Frame;
  /**
   * What keeps a quiet connection alive; `undefined` if the transport sees to that itself.
   *
   * @param cursor the place up to which the client has seen everything, if it has caught up
   */
  heartbeat(cursor: string | undefined): Frame | undefined;
  /** Advice to come back after so long, before the end of the connection; `undefined` if there is no way to give it. */
  retry(milliseconds: number): Frame | undefined;
}

/** One telling of a change as messages, each made on first use: for each codec, and each set of names. */
export class FrameSet {
  readonly telling: OutgoingEvent;
  readonly #frames = new Map<string, Frame>();
  readonly #cursor: string | undefined;

  /** @param cursor the change's place; `undefined` for what is in no log */
  constructor(telling: OutgoingEvent, cursor: string | undefined) {
    this.telling = telling;
    this.#cursor = cursor;
  }

  /** @param last does nothing more of the change follow? A cut before the last message must not lose what follows it */
  frame(codec: Codec, names: readonly string[], last: boolean): Frame {
    // With their number: a client may call a subscription by a name of several lines.
    const key = `${codec.id}\n${last ? "last" : ""}\n${names.length}\n${names.join("\n")}`;
    let frame = this.#frames.get(key);
    if (!frame) {
      frame = codec.encode(this.telling, names, last ? this.#cursor : undefined);
      this.#frames.set(key, frame);
    }
    return frame;
  }
}
