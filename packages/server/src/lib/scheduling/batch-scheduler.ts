/** Items processed in one turn of the event loop, so that other sockets get their turn. */
const ITEMS_PER_TURN = 256;
/** Items passed to one call. */
const BATCH_SIZE = 16;

/**
 * Processes many items in small batches, a few hundred per turn of the event loop, starting in the next turn. An item
 * may be scheduled again as soon as its batch starts.
 */
export class BatchScheduler<Item> {
  readonly #work: (items: readonly Item[]) => void;
  readonly #onDone: () => void;
  #items: Item[] = [];
  #next = 0;
  #scheduled = false;

  /** @param onDone called when no items are left */
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
    const end = Math.min(this.#items.length, this.#next + ITEMS_PER_TURN);
    for (let i = this.#next; i < end; i += BATCH_SIZE) this.#work(this.#items.slice(i, Math.min(end, i + BATCH_SIZE)));
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
