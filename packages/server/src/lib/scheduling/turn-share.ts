/** Microtasks between a work's resumption and its next piece, at most: it is handed on by a few promises and generators. */
const HOPS = 16;

/** Limits how long some kind of work may keep a turn of the event loop, so that other work is served in between. */
export class TurnShare {
  readonly #maxMs: number;
  readonly #clock: () => number;
  /** When this kind of work began in this turn; `undefined`: not yet. */
  #startedAt: number | undefined;
  readonly #waiting: (() => void)[] = [];

  /** @param clock a monotonic clock, in milliseconds */
  constructor(maxMs: number, clock: () => number = () => performance.now()) {
    this.#maxMs = maxMs;
    this.#clock = clock;
  }

  /**
   * Call between two pieces of work.
   *
   * @param now of the clock
   * @returns `undefined` while the turn has time left; otherwise resolves in a later turn that has
   */
  pause(now: number): Promise<void> | undefined {
    if (!this.#isOver(now)) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #isOver(now: number): boolean {
    if (this.#startedAt === undefined) {
      this.#startedAt = now;
      setImmediate(this.#nextTurn);
    }
    return now - this.#startedAt >= this.#maxMs;
  }

  readonly #nextTurn = (): void => {
    this.#startedAt = undefined;
    void this.#resume();
  };

  async #resume(): Promise<void> {
    // A thousand works that wait must not all go on in one turn: each does its piece before the next one is resumed.
    while (this.#waiting.length > 0 && !this.#isOver(this.#clock())) {
      this.#waiting.shift()!();
      for (let hop = 0; hop < HOPS; hop += 1) await Promise.resolve();
    }
  }
}
