import type { FrameBatch } from "./frame-batch.ts";
import type { Frame } from "./frame.ts";
import type { Wire } from "./wire.ts";

/** Bytes that may wait for a connection while a replay goes on. */
const ROOM_BYTES = 64 << 10;

/** The connection that a queue belongs to. */
export interface QueueOwner {
  /** The wire has closed. */
  ended(): void;
  /** More waits than the limit allows: the connection must end. */
  overflow(): void;
}

/** What all queues of one scheduler share. */
export interface SharedFlush {
  /** The root of the tree of batches: nothing waits. */
  readonly emptyBatch: FrameBatch;
  /** Bytes that may wait for one connection. */
  readonly limit: number;
  /** Flushes the queue in the next turn of the loop. */
  readonly schedule: (queue: Queue) => void;
}

/**
 * The frames that wait for one connection, and its wire. A write needs nothing but this object and the wire: with
 * thousands of connections, each further object is another trip to memory.
 */
export class Queue {
  readonly #wire: Wire;
  #batch: FrameBatch;
  #isScheduled = false;
  #ended = false;
  /** The socket is full. */
  blocked = false;
  /** Something was written since the owner last reset this. */
  active = false;
  #onRoom: (() => void) | undefined;
  readonly #owner: QueueOwner;
  readonly #shared: SharedFlush;

  constructor(wire: Wire, owner: QueueOwner, shared: SharedFlush) {
    this.#wire = wire;
    this.#owner = owner;
    this.#shared = shared;
    this.#batch = shared.emptyBatch;
  }

  /** Bytes that wait here, without those in the kernel's buffer. */
  get size(): number {
    return this.#batch.size;
  }

  /** Adds the frames of one change; they leave in the next turn of the loop, or when the socket drains. */
  push(frames: readonly Frame[]): void {
    if (this.#ended) return;
    let batch = this.#with(frames);
    // A change larger than the limit passes when nothing else waits, or it could never be delivered to anyone.
    if (this.#batch.size > 0 && batch.size > this.#shared.limit) {
      if (this.blocked) {
        this.end();
        this.#owner.overflow();
        return;
      }
      // What only waits for the end of the turn is no backlog: a small change must not keep a large one out.
      this.flush();
      if (this.#ended) return;
      batch = this.#with(frames);
    }
    this.#batch = batch;
    if (batch.size > 0) this.#schedule();
  }

  /** Removes what can be written now and returns it for `write`; `undefined` if there is none or the socket is full. */
  take(): FrameBatch | undefined {
    this.#isScheduled = false;
    const batch = this.#batch;
    if (batch.size === 0 || this.blocked) return undefined;
    if (this.#wire.isClosed) {
      this.#owner.ended();
      return undefined;
    }
    this.#batch = this.#shared.emptyBatch;
    return batch;
  }

  /** Writes what waits now. */
  flush(): void {
    const batch = this.take();
    if (batch) this.write(batch);
  }

  /** Writes the batch ahead of anything that waits. */
  write(batch: FrameBatch): void {
    this.active = true;
    const outcome = this.#wire.send(batch);
    if (outcome === "closed") this.#owner.ended();
    else if (outcome === "blocked") this.blocked = true;
    if (this.#onRoom) this.#signalRoom();
  }

  /** The socket took everything. */
  drained(): void {
    this.blocked = false;
    if (this.#batch.size > 0) this.#schedule();
    this.#signalRoom();
  }

  /** Drops what waits and takes nothing more. */
  end(): void {
    this.#ended = true;
    this.#batch = this.#shared.emptyBatch;
    this.#signalRoom();
  }

  get hasRoom(): boolean {
    return this.#ended || (this.size <= ROOM_BYTES && !this.blocked);
  }

  /** Resolves once `hasRoom` is true: a replay must not overflow the queue that it fills. */
  async waitForRoom(): Promise<void> {
    while (!this.hasRoom) await new Promise<void>((resolve) => (this.#onRoom = resolve));
  }

  #with(frames: readonly Frame[]): FrameBatch {
    let batch = this.#batch;
    for (const frame of frames) batch = batch.with(frame);
    return batch;
  }

  #signalRoom(): void {
    this.#onRoom?.();
    this.#onRoom = undefined;
  }

  #schedule(): void {
    if (this.#isScheduled || this.blocked) return;
    this.#isScheduled = true;
    this.#shared.schedule(this);
  }
}
