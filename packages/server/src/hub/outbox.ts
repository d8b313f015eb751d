import { Rounds } from "../lib/rounds.ts";
import { Batch } from "./batch.ts";
import type { Frame } from "./frame.ts";

/** One connection's end of the outbox. */
export interface Outlet {
  /** Writes what waits; `blocked` means that the socket took it and is full. */
  write(batch: Batch): "sent" | "blocked" | "closed";
  /** Called when more waits than may: the connection must end. */
  overflow(): void;
}

/** What waits for one connection. */
export interface Queue {
  /** Adds what one change has to say; it leaves in the next turn, or when the socket drains. */
  push(frames: readonly Frame[]): void;
  /** The socket took all it was given. */
  drained(): void;
  /** Writes what waits now, unless the socket is full. */
  flush(): void;
  /** Drops what waits and takes nothing more. */
  end(): void;
  readonly blocked: boolean;
  /** Bytes that wait here; what the kernel holds is not counted. */
  readonly size: number;
}

/**
 * Gathers the frames of a turn and writes them with one call a connection, some hundred connections a turn. Never in
 * a request handler: writing there splits that handler's own response into many sends.
 */
export class Outbox {
  readonly #limit: number;
  readonly #root = Batch.empty();
  readonly #rounds: Rounds<OutletQueue>;

  /**
   * @param limit bytes that may wait for one connection
   * @param onFlushed called when all that waited has been handed to the sockets, but for those that are full
   */
  constructor(limit: number, onFlushed: () => void = () => {}) {
    this.#limit = limit;
    this.#rounds = new Rounds(
      (queue) => queue.flush(),
      () => {
        this.#root.forget();
        onFlushed();
      },
    );
  }

  queue(outlet: Outlet): Queue {
    return new OutletQueue(outlet, this.#limit, this.#root, (queue) => this.#rounds.schedule(queue));
  }
}

class OutletQueue implements Queue {
  readonly #outlet: Outlet;
  readonly #limit: number;
  readonly #root: Batch;
  readonly #schedule: (queue: OutletQueue) => void;
  #batch: Batch;
  #dirty = false;
  #ended = false;
  blocked = false;

  constructor(outlet: Outlet, limit: number, root: Batch, schedule: (queue: OutletQueue) => void) {
    this.#outlet = outlet;
    this.#limit = limit;
    this.#root = root;
    this.#batch = root;
    this.#schedule = schedule;
  }

  get size(): number {
    return this.#batch.size;
  }

  push(frames: readonly Frame[]): void {
    if (this.#ended) return;
    // A change larger than the limit still passes when nothing waits, or it could never be delivered to anyone.
    if (this.#batch.size > 0 && this.#batch.size + sizeOf(frames) > this.#limit) {
      if (this.blocked) {
        this.end();
        this.#outlet.overflow();
        return;
      }
      // What waits for the end of the turn alone is no backlog: a small change must not keep a large one out.
      this.flush();
      if (this.#ended) return;
    }
    let batch = this.#batch;
    for (const frame of frames) batch = batch.with(frame);
    this.#batch = batch;
    if (batch !== this.#root) this.#markDirty();
  }

  drained(): void {
    this.blocked = false;
    if (!this.#ended && this.#batch !== this.#root) this.#markDirty();
  }

  end(): void {
    this.#ended = true;
    this.#batch = this.#root;
  }

  flush(): void {
    this.#dirty = false;
    if (this.#ended || this.blocked || this.#batch === this.#root) return;
    const batch = this.#batch;
    this.#batch = this.#root;
    if (this.#outlet.write(batch) === "blocked") this.blocked = true;
  }

  #markDirty(): void {
    if (this.#dirty || this.blocked) return;
    this.#dirty = true;
    this.#schedule(this);
  }
}

const sizeOf = (frames: readonly Frame[]): number => frames.reduce((total, { size }) => total + size, 0);
