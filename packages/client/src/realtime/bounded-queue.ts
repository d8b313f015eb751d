/** What happens when the app is slower than the stream for too long. */
export type OverflowPolicy =
  /** All that waits is dropped, and the app is told to read everything anew. */
  | "resync"
  /** The oldest goes, uncounted by the app: for displays that want the newest only. */
  | "drop-oldest"
  /** The subscription ends with an error. */
  | "fail";

/**
 * What waits for one reader. It never holds more than its capacity: what is to happen then is the caller's affair, who
 * is told by `push`.
 */
export class BoundedQueue<T> {
  readonly capacity: number;
  #items: T[] = [];
  /** Where the first item is: taking from the front moves nothing. */
  #head = 0;
  #end: { readonly error: unknown } | "ended" | undefined;
  #wake: () => void = () => undefined;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.#items.length - this.#head;
  }

  /** @returns false, and takes nothing, when it is full */
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

  /** Up to so many, in order. */
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

  /** Nothing more will come; what waits is still given out, and then the error is thrown. */
  end(error?: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = error === undefined ? "ended" : { error };
    this.#wake();
  }

  /**
   * Resolves when at least so many wait, or at the end. For one who waits at a time: another call takes over.
   *
   * @returns false when nothing waits and nothing will come
   * @throws what the queue was ended with, once nothing waits
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
