/** Limits how long some kind of work may keep a turn of the event loop, so that other work is served in between. */
export class TurnShare {
  readonly #maxMs: number;
  /** When this kind of work began in this turn; `undefined`: not yet. */
  #startedAt: number | undefined;
  #waiting: (() => void)[] = [];

  constructor(maxMs: number) {
    this.#maxMs = maxMs;
  }

  /**
   * Call between two pieces of work.
   *
   * @param now of a monotonic clock, in milliseconds
   * @returns `undefined` while the turn has time left; otherwise resolves in the next turn
   */
  pause(now: number): Promise<void> | undefined {
    if (this.#startedAt === undefined) {
      this.#startedAt = now;
      setImmediate(this.#nextTurn);
    }
    if (now - this.#startedAt < this.#maxMs) return undefined;
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  readonly #nextTurn = (): void => {
    this.#startedAt = undefined;
    for (const resume of this.#waiting.splice(0)) resume();
  };
}
