/**
 * Lets a few callers pass in each turn of the event loop and queues the others, so that other work gets its turn when
 * thousands arrive at once.
 */
export class TurnLimiter {
  readonly #perTurn: number;
  readonly #maxWaiting: number;
  #queue: (() => void)[] = [];
  #next = 0;
  #passed = 0;
  #turnScheduled = false;

  /** @param maxWaiting how many may be queued */
  constructor(perTurn: number, maxWaiting: number) {
    this.#perTurn = perTurn;
    this.#maxWaiting = maxWaiting;
  }

  /** The number of queued callers. */
  get waiting(): number {
    return this.#queue.length - this.#next;
  }

  /** Returns `true` at once or resolves to `true` when it is the caller's turn; `false` if the queue is full. */
  enter(): boolean | Promise<boolean> {
    this.#scheduleTurn();
    if (this.waiting === 0 && this.#passed < this.#perTurn) {
      this.#passed += 1;
      return true;
    }
    if (this.waiting >= this.#maxWaiting) return false;
    return new Promise((resolve) => this.#queue.push(() => resolve(true)));
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled) return;
    this.#turnScheduled = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#turnScheduled = false;
    const end = Math.min(this.#queue.length, this.#next + this.#perTurn);
    this.#passed = end - this.#next;
    for (let i = this.#next; i < end; i += 1) this.#queue[i]!();
    this.#next = end;
    if (this.#next === this.#queue.length) {
      this.#queue = [];
      this.#next = 0;
    }
    // The next turn must reset the count if some passed in this one.
    if (this.#passed > 0) this.#scheduleTurn();
  };
}
