import { BatchScheduler } from "../lib/batch-scheduler.ts";
import { FrameBatch } from "./frame-batch.ts";
import { Queue, type QueueOwner, type QueueShare } from "./queue.ts";
import type { Wire } from "./wire.ts";

/**
 * Gathers the frames of a turn and writes them with one call a connection, some hundred connections a turn. Never in
 * a request handler: writing there splits that handler's own response into many sends.
 */
export class FlushScheduler {
  readonly #share: QueueShare;

  /**
   * @param limit bytes that may wait for one connection
   * @param onFlushed called when all that waited has been handed to the sockets, but for those that are full
   */
  constructor(limit: number, onFlushed: () => void = () => {}) {
    const root = FrameBatch.empty();
    const rounds = new BatchScheduler<Queue>(flush, () => {
      root.forget();
      onFlushed();
    });
    this.#share = { root, limit, schedule: (queue) => rounds.schedule(queue) };
  }

  queue(wire: Wire, owner: QueueOwner): Queue {
    return new Queue(wire, owner, this.#share);
  }
}

/**
 * Looks at all of them before it writes to the first. A write leaves the processor's caches full of the kernel's things:
 * so the objects of several connections are fetched from memory together, not those of each after the write before.
 */
function flush(queues: readonly Queue[]): void {
  const batches = queues.map((queue) => queue.take());
  for (const [i, queue] of queues.entries()) {
    const batch = batches[i];
    if (batch) queue.write(batch);
  }
}
