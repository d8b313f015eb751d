/** How far the telling of changes has come, and the moments between two of them. */
export class Progress {
  #seq: number;
  #telling = false;
  #waiting: (() => void)[] = [];

  /** @param head the seq of the last change that needs no telling */
  constructor(head: number) {
    this.#seq = head;
  }

  /** The seq of the newest change that was told to everyone. */
  get seq(): number {
    return this.#seq;
  }

  /** Tells one change; what waited for the moment between two runs before the next one. */
  async tell(seq: number, work: () => Promise<void>): Promise<void> {
    this.#telling = true;
    try {
      await work();
    } finally {
      this.#telling = false;
      this.#seq = seq;
      for (const waiting of this.#waiting.splice(0)) waiting();
    }
  }

  /** Runs the work when no change is being told: at once, or as soon as the one at hand is done. */
  between(work: () => void): void {
    if (this.#telling) this.#waiting.push(work);
    else work();
  }
}
