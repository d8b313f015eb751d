/** Works of one lane follow each other; those of different lanes know nothing of each other. */
export class Lanes {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does the work when all that came before it in its lane is over, however that ended. */
  run<T>(lane: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(lane);
    const result = before ? before.then(work, work) : work();
    this.#last.set(lane, result);
    const leave = (): void => {
      if (this.#last.get(lane) === result) this.#last.delete(lane);
    };
    result.then(leave, leave);
    return result;
  }

  /** Lanes with work in them. */
  get size(): number {
    return this.#last.size;
  }
}
