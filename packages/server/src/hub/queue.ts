import type { FrameBatch } from "./frame-batch.ts";
import type { Frame } from "./frame.ts";
import type { Wire } from "./wire.ts";

/** What may wait for a connection while a replay goes on. */
const ROOM_BYTES = 64 << 10;

/** Whose connection it is. */
export interface QueueOwner {
  /** The wire has closed. */
  ended(): void;
  /** More waits than may: the connection must end. */
  overflow(): void;
}

/** What all queues of one outbox share. */
export interface QueueShare {
  /** Where nothing waits. */
  readonly root: FrameBatch;
  /** Bytes that may wait for one connection. */
  readonly limit: number;
  /** Has the queue flushed in the next turn. */
  readonly schedule: (queue: Queue) => void;
}

/**
 * What waits for one connection, and the wire that it leaves by. All that a write needs is here and in the wire: with
 * thousands of connections, each further object of theirs is a trip to memory.
 */
export class Queue {
  readonly #wire: Wire;
  #batch: FrameBatch;
  #dirty = false;
  #ended = false;
  /** The socket is full. */
  blocked = false;
  /** Something was written; for the owner to reset. */
  active = false;
  #onRoom: (() => void) | undefined;
  readonly #owner: QueueOwner;
  readonly #share: QueueShare;

  constructor(wire: Wire, owner: QueueOwner, share: QueueShare) {
    this.#wire = wire;
    this.#owner = owner;
    this.#share = share;
    this.#batch = share.root;
  }

  /** Bytes that wait here; what the kernel holds is not counted. */
  get size(): number {
    return this.#batch.size;
  }

  /** Adds what one change has to say; it leaves in the next turn, or when the socket drains. */
  push(frames: readonly Frame[]): void {
    if (this.#ended) return;
    let batch = this.#with(frames);
    // A change larger than the limit still passes when nothing waits, or it could never be delivered to anyone.
    if (this.#batch.size > 0 && batch.size > this.#share.limit) {
      if (this.blocked) {
        this.end();
        this.#owner.overflow();
        return;
      }
      // What waits for the end of the turn alone is no backlog: a small change must not keep a large one out.
      this.flush();
      if (this.#ended) return;
      batch = this.#with(frames);
    }
    this.#batch = batch;
    if (batch.size > 0) this.#markDirty();
  }

  /** Takes out what may be written now, for `write`: nothing while the socket is full. */
  take(): FrameBatch | undefined {
    this.#dirty = false;
    const batch = this.#batch;
    if (batch.size === 0 || this.blocked) return undefined;
    if (this.#wire.gone) {
      this.#owner.ended();
      return undefined;
    }
    this.#batch = this.#share.root;
    return batch;
  }

  /** Writes what waits now. */
  flush(): void {
    const batch = this.take();
    if (batch) this.write(batch);
  }

  /** Writes the batch, whatever waits. */
  write(batch: FrameBatch): void {
    this.active = true;
    const outcome = this.#wire.send(batch);
    if (outcome === "closed") this.#owner.ended();
    else if (outcome === "blocked") this.blocked = true;
    if (this.#onRoom) this.#makeRoom();
  }

  /** The socket took all it was given. */
  drained(): void {
    this.blocked = false;
    if (this.#batch.size > 0) this.#markDirty();
    this.#makeRoom();
  }

  /** Drops what waits and takes nothing more. */
  end(): void {
    this.#ended = true;
    this.#batch = this.#share.root;
    this.#makeRoom();
  }

  get hasRoom(): boolean {
    return this.#ended || (this.size <= ROOM_BYTES && !this.blocked);
  }

  /** Resolves at once, or when what waits has left: a replay must not overflow the queue that it fills. */
  async room(): Promise<void> {
    while (!this.hasRoom) await new Promise<void>((resolve) => (this.#onRoom = resolve));
  }

  #with(frames: readonly Frame[]): FrameBatch {
    let batch = this.#batch;
    for (const frame of frames) batch = batch.with(frame);
    return batch;
  }

  #makeRoom(): void {
    this.#onRoom?.();
    this.#onRoom = undefined;
  }

  #markDirty(): void {
    if (this.#dirty || this.blocked) return;
    this.#dirty = true;
    this.#share.schedule(this);
  }
}
