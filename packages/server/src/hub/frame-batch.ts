import type { Frame } from "./frame.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * The frames that wait for one connection, as a node of a tree that all connections share: connections with the same
 * frames waiting point to the same node. So a delivery is one pointer comparison, a thousand sockets with the same backlog
 * share one buffer, and a stalled one costs a reference.
 */
export class FrameBatch {
  #next: FrameBatch | undefined;
  #bytes: Uint8Array | undefined;
  #texts: readonly string[] | undefined;
  readonly #parent: FrameBatch | undefined;
  readonly #frame: Frame | undefined;
  /** In bytes. */
  readonly size: number;

  private constructor(parent: FrameBatch | undefined, frame: Frame | undefined) {
    this.#parent = parent;
    this.#frame = frame;
    this.size = (parent?.size ?? 0) + (frame?.size ?? 0);
  }

  /** An empty batch: the root of a tree. */
  static empty(): FrameBatch {
    return new FrameBatch(undefined, undefined);
  }

  /** A batch of one frame, outside any tree. */
  static of(frame: Frame): FrameBatch {
    return new FrameBatch(undefined, frame);
  }

  /** This batch with one more frame. Only the newest child is kept: connections in step ask for the same one. */
  with(frame: Frame): FrameBatch {
    if (this.#next === undefined || this.#next.#frame !== frame) this.#next = new FrameBatch(this, frame);
    return this.#next;
  }

  /** Drops the newest child, so that a root does not keep what was flushed. */
  dropNext(): void {
    this.#next = undefined;
  }

  /** All frames in one buffer, joined once for all connections that point here. */
  get bytes(): Uint8Array {
    return (this.#bytes ??= this.#join());
  }

  /** The frames one by one, for transports whose messages are text; listed once for all connections that point here. */
  get texts(): readonly string[] {
    return (this.#texts ??= FrameBatch.#framesTo(this).map(({ payload }) =>
      typeof payload === "string" ? payload : decoder.decode(payload),
    ));
  }

  #join(): Uint8Array {
    const frames = FrameBatch.#framesTo(this);
    if (frames.length === 1) return bytesOf(frames[0]!);
    const joined = new Uint8Array(this.size);
    let at = 0;
    for (const frame of frames) {
      joined.set(bytesOf(frame), at);
      at += frame.size;
    }
    return joined;
  }

  /** Walks from the newest node to the root: nodes know only their parents. */
  static #framesTo(newest: FrameBatch): readonly Frame[] {
    const frames: Frame[] = [];
    for (let node: FrameBatch | undefined = newest; node; node = node.#parent)
      if (node.#frame) frames.push(node.#frame);
    return frames.reverse();
  }
}

const bytesOf = ({ payload }: Frame): Uint8Array => (typeof payload === "string" ? encoder.encode(payload) : payload);
