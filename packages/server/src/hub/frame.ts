import { encodeEvent, type SseEvent } from "@headwater/protocol";

/** One event as bytes, encoded once for all who get the same bytes. */
export interface Frame {
  readonly bytes: Uint8Array;
}

const encoder = new TextEncoder();

export const encodeFrame = (event: SseEvent): Frame => ({ bytes: encoder.encode(encodeEvent(event)) });

/**
 * The frames of one change for listeners who see the same: one for each event name, made on first use. A session that
 * gets several frames of one change has the cursor in the last only: a cut between them must not lose the others.
 */
export class FrameSet {
  readonly #frames = new Map<string, Frame>();
  readonly #cursor: string;
  readonly #data: string;

  constructor(cursor: string, data: string) {
    this.#cursor = cursor;
    this.#data = data;
  }

  frame(event: string, last: boolean): Frame {
    const key = last ? event : `\n${event}`;
    let frame = this.#frames.get(key);
    if (!frame) {
      frame = encodeFrame({ event, data: this.#data, ...(last && { id: this.#cursor }) });
      this.#frames.set(key, frame);
    }
    return frame;
  }
}
