const TIMEOUT_MS = 30_000;

/** Everything that has arrived, and a way to wait for more without polling. */
export class Inbox<T> {
  readonly items: T[] = [];
  readonly #checks = new Set<() => void>();
  #closed = false;

  push(item: T): void {
    this.items.push(item);
    this.#check();
  }

  /** Nothing more will arrive: pending waits reject. */
  close(): void {
    this.#closed = true;
    this.#check();
  }

  /** Waits until the condition holds; checks it after each arrival. */
  async until(holds: (items: readonly T[]) => boolean, timeoutMs = TIMEOUT_MS): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const fail = (why: string): void => reject(new Error(`${why}; received: ${JSON.stringify(this.items.slice(-20))}`));
    const check = (): void => {
      if (holds(this.items)) resolve();
      else if (this.#closed) fail("nothing more will arrive");
    };
    const timer = setTimeout(() => fail(`the condition did not hold within ${timeoutMs} ms`), timeoutMs);
    this.#checks.add(check);
    check();
    await promise.finally(() => {
      clearTimeout(timer);
      this.#checks.delete(check);
    });
  }

  #check(): void {
    for (const check of this.#checks) check();
  }
}
