import { callAfter } from "../lib/scheduling/timers.ts";

/** The tasks of one name. */
interface Queue {
  readonly waiting: string[];
  running: number;
}

/** The waiting tasks: due ones in a queue for each name, with a limit on how many run, and delayed ones with a timer. */
export class TaskQueues {
  readonly #queues = new Map<string, Queue>();
  /** Cancel the timers. */
  readonly #timers = new Set<() => void>();
  readonly #known = new Set<string>();
  readonly #onReady: (name: string) => void;

  /** @param onReady called when a task of that name may start, if there is a free slot */
  constructor(onReady: (name: string) => void) {
    this.#onReady = onReady;
  }

  names(): Iterable<string> {
    return this.#queues.keys();
  }

  /** A task that is already waiting keeps its position. */
  add(name: string, id: string, due: number, now: number): void {
    if (this.#known.has(id)) return;
    this.#known.add(id);
    if (due <= now) return this.#makeReady(name, id);
    // The wait doesn't depend on the clock, which may be set back meanwhile. A timer may be a fraction early.
    const cancel = callAfter(due - now + 1, () => {
      this.#timers.delete(cancel);
      this.#makeReady(name, id);
    });
    this.#timers.add(cancel);
  }

  /** The next task of this name, if fewer than `slots` run. It occupies a slot until `release`. */
  take(name: string, slots: number): string | undefined {
    const queue = this.#queue(name);
    if (queue.running >= slots) return undefined;
    const id = queue.waiting.shift();
    if (id === undefined) return undefined;
    this.#known.delete(id);
    queue.running += 1;
    return id;
  }

  release(name: string): void {
    this.#queue(name).running -= 1;
    this.#onReady(name);
  }

  stop(): void {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
  }

  #makeReady(name: string, id: string): void {
    this.#queue(name).waiting.push(id);
    this.#onReady(name);
  }

  #queue(name: string): Queue {
    let queue = this.#queues.get(name);
    if (!queue) this.#queues.set(name, (queue = { waiting: [], running: 0 }));
    return queue;
  }
}
