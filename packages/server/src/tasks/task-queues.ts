/** A task that waits, or that the end of its server interrupted. */
interface Queue {
  readonly waiting: string[];
  running: number;
}

/** Who waits for whom: tasks of one name wait for a free place, those that are due later for their time. */
export class TaskQueues {
  readonly #queues = new Map<string, Queue>();
  readonly #timers = new Set<Timer>();
  readonly #known = new Set<string>();
  readonly #onReady: (name: string) => void;

  /** @param onReady called when a task of that name may begin, if there is a place for it */
  constructor(onReady: (name: string) => void) {
    this.#onReady = onReady;
  }

  names(): Iterable<string> {
    return this.#queues.keys();
  }

  /** A task that is here already stays where it is. */
  add(name: string, id: string, due: number, now: number): void {
    if (this.#known.has(id)) return;
    this.#known.add(id);
    if (due <= now) {
      this.#queue(name).waiting.push(id);
      this.#onReady(name);
      return;
    }
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        this.#known.delete(id);
        this.add(name, id, due, Date.now());
      },
      Math.min(due - now, LONGEST_MS),
    );
    this.#timers.add(timer);
  }

  /** The next of this name, if there are fewer at work; it has a place until `leave`. */
  take(name: string, places: number): string | undefined {
    const queue = this.#queue(name);
    if (queue.running >= places) return undefined;
    const id = queue.waiting.shift();
    if (id === undefined) return undefined;
    this.#known.delete(id);
    queue.running += 1;
    return id;
  }

  leave(name: string): void {
    this.#queue(name).running -= 1;
    this.#onReady(name);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  #queue(name: string): Queue {
    let queue = this.#queues.get(name);
    if (!queue) this.#queues.set(name, (queue = { waiting: [], running: 0 }));
    return queue;
  }
}

/** The longest that a timer can be set to. */
const LONGEST_MS = 2 ** 31 - 1;
