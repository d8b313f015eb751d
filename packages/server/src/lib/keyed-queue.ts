import { invalid, limited } from "./api-error.ts";

interface Lane {
  last: Promise<unknown>;
  /** Works that are not over. */
  size: number;
}

/** Seconds after which one who found a lane full may come back. */
const RETRY_AFTER_S = 5;

/** Works of one lane follow each other; those of different lanes know nothing of each other. */
export class KeyedQueue {
  readonly #lanes = new Map<string, Lane>();
  readonly #room: number;

  /** @param room works that a lane may have at a time: where one hangs, those behind it must not pile up */
  constructor(room = 32) {
    this.#room = room;
  }

  /**
   * Does the work when all that came before it in its lane is over, however that ended.
   *
   * @throws ApiError 429 when too many are there already; and what the work throws
   */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const lane = this.#lanes.get(name) ?? { last: Promise.resolve(), size: 0 };
    if (lane.size >= this.#room) {
      throw limited(
        429,
        { waiting: invalid("limit_waiting", "Too many requests wait for each other.") },
        RETRY_AFTER_S,
      );
    }
    this.#lanes.set(name, lane);
    lane.size += 1;
    try {
      const result = lane.size === 1 ? work() : lane.last.then(work, work);
      lane.last = result;
      return await result;
    } finally {
      lane.size -= 1;
      if (lane.size === 0) this.#lanes.delete(name);
    }
  }

  /** Lanes with work in them. */
  get size(): number {
    return this.#lanes.size;
  }
}
