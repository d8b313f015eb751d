import type { Frame } from "./frame.ts";

/**
 * The frames that wait for one connection, as a node of a tree that all connections share: those with the same frames
 * waiting point to the same node. So a delivery is one pointer compare, a thousand sockets with the same backlog share
 * one buffer, and a stalled one costs a reference.
 */
export class Batch {
  #next: Batch | undefined;
  #bytes: Uint8Array | undefined;
  readonly #parent: Batch | undefined;
  readonly #frame: Frame | undefined;
  /** Bytes that wait. */
  readonly size: number;

  private constructor(parent: Batch | undefined, frame: Frame | undefined) {
    this.#parent = parent;
    this.#frame = frame;
    this.size = (parent?.size ?? 0) + (frame?.bytes.length ?? 0);
  }

  /** An empty batch: the root of a tree. */
  static empty(): Batch {
    return new Batch(undefined, undefined);
  }

  /** This batch and one frame more. Only the newest child is remembered: connections in step ask for the same one. */
  with(frame: Frame): Batch {
    if (this.#next === undefined || this.#next.#frame !== frame) this.#next = new Batch(this, frame);
    return this.#next;
  }

  /** Forgets the newest child, so that a root does not keep what was flushed. */
  forget(): void {
    this.#next = undefined;
  }

  /** All frames in one buffer, joined once for all who point here. */
  get bytes(): Uint8Array {
    return (this.#bytes ??= this.#join());
  }

  #join(): Uint8Array {
    if (this.#frame && this.#frame.bytes.length === this.size) return this.#frame.bytes;
    const joined = new Uint8Array(this.size);
    Batch.#fill(joined, this);
    return joined;
  }

  /** From the newest frame back to the root: the nodes know their parents only. */
  static #fill(joined: Uint8Array, newest: Batch): void {
    let end = joined.length;
    let node: Batch | undefined = newest;
    while (node?.size) {
      const { bytes } = node.#frame!;
      end -= bytes.length;
      joined.set(bytes, end);
      node = node.#parent;
    }
  }
}
