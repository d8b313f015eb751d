/** How far the telling of changes has come, and the moments between two of them. */
export class DeliveryPosition {
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

  /**
   * Tells one change; what waited for the moment between two runs before the next one, all of it.
   *
   * @throws what the telling, or else the first of the others, throws
   */
  async tell(seq: number, work: () => Promise<void>): Promise<void> {
    this.#telling = true;
    const errors: unknown[] = [];
    try {
      await work();
    } catch (error) {
      errors.push(error);
    }
    this.#telling = false;
    this.#seq = seq;
    for (const waiting of this.#waiting.splice(0)) {
      try {
        waiting();
      } catch (error) {
        // It must not keep the others waiting for ever.
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Runs the work when no change is being told: at once, or as soon as the one at hand is done. */
  between(work: () => void): void {
    if (this.#telling) this.#waiting.push(work);
    else work();
  }
}
