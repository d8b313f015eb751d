/** Items that are worked on in one turn of the loop; then other sockets get theirs. */
const SLICE = 256;
/** Items that are worked on together. */
const HANDFUL = 16;

/**
 * Does a short work for many items, a handful at a time and some hundred in a turn of the event loop, from the next turn
 * on. An item may be scheduled again as soon as its work begins.
 */
export class BatchScheduler<Item> {
  readonly #work: (items: readonly Item[]) => void;
  readonly #onDone: () => void;
  #items: Item[] = [];
  #next = 0;
  #scheduled = false;

  /** @param onDone called when nothing waits any more */
  constructor(work: (items: readonly Item[]) => void, onDone: () => void = () => {}) {
    this.#work = work;
    this.#onDone = onDone;
  }

  schedule(item: Item): void {
    this.#items.push(item);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    const end = Math.min(this.#items.length, this.#next + SLICE);
    for (let i = this.#next; i < end; i += HANDFUL) this.#work(this.#items.slice(i, Math.min(end, i + HANDFUL)));
    this.#next = end;
    if (end < this.#items.length) {
      setImmediate(this.#turn);
      return;
    }
    this.#items = [];
    this.#next = 0;
    this.#scheduled = false;
    this.#onDone();
  };
}
