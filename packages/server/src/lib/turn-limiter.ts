/**
 * Lets a few through in each turn of the event loop and has the others wait in line: when thousands come at once, what
 * else there is to do gets its time between them.
 */
export class TurnLimiter {
  readonly #perTurn: number;
  readonly #room: number;
  #line: (() => void)[] = [];
  #next = 0;
  #passed = 0;
  #turning = false;

  /** @param room how many may wait */
  constructor(perTurn: number, room: number) {
    this.#perTurn = perTurn;
    this.#room = room;
  }

  /** How many wait. */
  get waiting(): number {
    return this.#line.length - this.#next;
  }

  /** Answers at once where nobody waits, or when it is their turn; `false`: there is no room in the line. */
  enter(): boolean | Promise<boolean> {
    this.#awaitTurn();
    if (this.waiting === 0 && this.#passed < this.#perTurn) {
      this.#passed += 1;
      return true;
    }
    if (this.waiting >= this.#room) return false;
    return new Promise((resolve) => this.#line.push(() => resolve(true)));
  }

  #awaitTurn(): void {
    if (this.#turning) return;
    this.#turning = true;
    setImmediate(this.#turn);
  }

  readonly #turn = (): void => {
    this.#turning = false;
    const end = Math.min(this.#line.length, this.#next + this.#perTurn);
    this.#passed = end - this.#next;
    for (let i = this.#next; i < end; i += 1) this.#line[i]!();
    this.#next = end;
    if (this.#next === this.#line.length) {
      this.#line = [];
      this.#next = 0;
    }
    // While some passed in this turn, the next one must begin with none.
    if (this.#passed > 0) this.#awaitTurn();
  };
}
