/** What happens when the queue of a slow app is full. */
export type OverflowPolicy =
  /** Drops all queued events and delivers a `resync`, so that the app reloads. */
  | "resync"
  /** Drops the oldest event. For apps that need only the newest. */
  | "drop-oldest"
  /** Ends the subscription with an error. */
  | "fail";

/**
 * A queue for one reader, with a maximum size. When it is full, `push` returns false and the caller decides what to do.
 */
export class BoundedQueue<T> {
  readonly capacity: number;
  #items: T[] = [];
  /** Index of the first item, so that taking items doesn't move the others. */
  #head = 0;
  #end: { readonly error: unknown } | "ended" | undefined;
  #wake: () => void = () => undefined;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** @returns false, without adding the item, if the queue is full */
  push(item: T): boolean {
    if (this.#end !== undefined) return true;
    if (this.size >= this.capacity) return false;
    this.#items.push(item);
    this.#wake();
    return true;
  }

  shift(): T | undefined {
    return this.take(1)[0];
  }

  /** Removes and returns up to `max` items, in order. */
  take(max: number): T[] {
    const taken = this.#items.slice(this.#head, this.#head + max);
    this.#head += taken.length;
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return taken;
  }

  clear(): void {
    this.#items = [];
    this.#head = 0;
  }

  /** Ends the queue. Queued items can still be taken; after them, `ready` throws the error. */
  end(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = error === undefined ? "ended" : { error };
    this.#wake();
  }

  /**
   * Resolves when at least `count` items are queued, or at the end. Only one call at a time: a second one replaces the
   * first.
   *
   * @returns false if the queue is empty and has ended
   * @throws the error the queue ended with, once it is empty
   */
  async ready(count: number): Promise<boolean> {
    while (this.size < count && this.#end === undefined) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    if (this.size > 0 || this.#end === undefined) return true;
    if (this.#end === "ended") return false;
    throw this.#end.error;
  }
}
