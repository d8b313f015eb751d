/** How far changes have been delivered, and the gaps between two of them. */
export class DeliveryPosition {
  #seq: number;
  #isDelivering = false;
  #waiting: (() => void)[] = [];

  /** @param head the seq of the last change that needs no delivery */
  constructor(head: number) {
    this.#seq = head;
  }

  /** The seq of the newest change that was delivered to every live session. */
  get seq(): number {
    return this.#seq;
  }

  /**
   * Delivers one change, then runs all that waited for the gap before the next one.
   *
   * @throws what the delivery throws, or else the first error of those that waited
   */
  async deliver(seq: number, work: () => Promise<void>): Promise<void> {
    this.#isDelivering = true;
    const errors: unknown[] = [];
    try {
      await work();
    } catch (error) {
      errors.push(error);
    }
    this.#isDelivering = false;
    this.#seq = seq;
    for (const waiting of this.#waiting.splice(0)) {
      try {
        waiting();
      } catch (error) {
        // The others must not wait for ever.
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  /** Resolves once another change has been delivered. */
  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Runs the work while no change is being delivered: at once, or when the current one is done. */
  betweenChanges(work: () => void): void {
    if (this.#isDelivering) this.#waiting.push(work);
    else work();
  }
}
