import type { OutgoingEvent } from "@headwater/protocol";
import { type ChangeCursors, type FrameCursor, frameCursorKey } from "./replay/change-cursors.ts";

/** One message of a transport, encoded once for everyone who gets the same. */
export interface Frame {
  /** In bytes. */
  readonly size: number;
  /** Bytes for a stream, text for a transport that has messages. */
  readonly payload: Uint8Array | string;
}

/** How a transport encodes events. */
export interface Codec {
  /** Differs for codecs that encode differently. */
  readonly id: string;
  /** An event that reaches a session by several of its subscriptions is one message, which names them all. */
  readonly merges: boolean;
  /**
   * @param labels the session's subscriptions that the event is about; empty if it is about all of them
   * @param cursor what the client has once it has this message; `undefined` if more of the same change follows
   */
  encode(event: OutgoingEvent, labels: readonly string[], cursor: string | undefined): Frame;
  /**
   * Keeps a quiet connection alive; `undefined` if the transport does that itself.
   *
   * @param cursor the client has everything up to here; `undefined` if it is still catching up
   */
  heartbeat(cursor: string | undefined): Frame | undefined;
  /** How long the client should wait before it reconnects; `undefined` if the transport can't say that. */
  retry(milliseconds: number): Frame | undefined;
}

/** One event of a change as messages, each encoded on first use: one for each codec and list of labels. */
export class FrameSet {
  readonly event: OutgoingEvent;
  readonly #frames = new Map<string, Frame>();
  readonly #cursors: ChangeCursors | undefined;

  /** @param cursors the change's; `undefined` if it is in no log */
  constructor(event: OutgoingEvent, cursors: ChangeCursors | undefined) {
    this.event = event;
    this.#cursors = cursors;
  }

  /** @param cursor a client cut off after this message must not skip the rest of the change */
  frame(codec: Codec, labels: readonly string[], cursor: FrameCursor): Frame {
    // With their number: a label may have several lines.
    const key = `${codec.id}\n${frameCursorKey(cursor)}\n${labels.length}\n${labels.join("\n")}`;
    let frame = this.#frames.get(key);
    if (!frame) {
      frame = codec.encode(this.event, labels, this.#cursors?.text(cursor));
      this.#frames.set(key, frame);
    }
    return frame;
  }
}
