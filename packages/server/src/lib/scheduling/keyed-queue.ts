import { invalid, limited } from "../api-error.ts";

interface Queue {
  last: Promise<unknown>;
  /** Jobs that have not finished. */
  pending: number;
}

/** Seconds after which a refused client may retry. */
const RETRY_AFTER_S = 5;

/** Runs jobs with the same key one after another, and jobs with different keys independently. */
export class KeyedQueue {
  readonly #queues = new Map<string, Queue>();
  readonly #maxPending: number;

  /** @param maxPending jobs per key: if one hangs, the jobs after it must not pile up */
  constructor(maxPending = 32) {
    this.#maxPending = maxPending;
  }

  /**
   * Runs the job when all earlier jobs with its key have finished or failed.
   *
   * @throws ApiError 429 if too many are pending, and whatever the job throws
   */
  async run<T>(key: string, job: () => Promise<T>): Promise<T> {
    const queue = this.#queues.get(key) ?? { last: Promise.resolve(), pending: 0 };
    if (queue.pending >= this.#maxPending) {
      throw limited(
        429,
        {
          waiting: invalid(
            "limit_waiting",
            "Too many requests are waiting for an earlier one. Wait for their responses.",
          ),
        },
        RETRY_AFTER_S,
      );
    }
    this.#queues.set(key, queue);
    queue.pending += 1;
    try {
      const result = queue.pending === 1 ? job() : queue.last.then(job, job);
      queue.last = result;
      return await result;
    } finally {
      queue.pending -= 1;
      if (queue.pending === 0) this.#queues.delete(key);
    }
  }

  /** The number of keys with pending jobs. */
  get size(): number {
    return this.#queues.size;
  }
}
