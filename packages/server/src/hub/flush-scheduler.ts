import { BatchScheduler } from "../lib/scheduling/batch-scheduler.ts";
import { FrameBatch } from "./frame-batch.ts";
import { Queue, type QueueOwner, type SharedFlush } from "./queue.ts";
import type { Wire } from "./wire.ts";

/**
 * Collects the frames of a turn of the loop and writes them with one call per connection, some hundred connections a
 * turn. Never in a request handler: a write there splits the handler's own response into many sends.
 */
export class FlushScheduler {
  readonly #shared: SharedFlush;

  /**
   * @param limit bytes that may wait for one connection
   * @param onFlushed called when all frames were handed to the sockets, except to those that are full
   */
  constructor(limit: number, onFlushed: () => void = () => {}) {
    const emptyBatch = FrameBatch.empty();
    const scheduler = new BatchScheduler<Queue>(flush, () => {
      emptyBatch.dropNext();
      onFlushed();
    });
    this.#shared = { emptyBatch, limit, schedule: (queue) => scheduler.schedule(queue) };
  }

  queue(wire: Wire, owner: QueueOwner): Queue {
    return new Queue(wire, owner, this.#shared);
  }
}

/**
 * Looks at all queues before it writes to the first. A write leaves the processor's caches full of kernel data, so the
 * objects of several connections are fetched from memory together, not one by one between the writes.
 */
function flush(queues: readonly Queue[]): void {
  const batches = queues.map((queue) => queue.take());
  for (const [i, queue] of queues.entries()) {
    const batch = batches[i];
    if (batch) queue.write(batch);
  }
}
