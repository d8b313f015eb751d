const TIMEOUT_MS = 30_000;

/** What has arrived so far, and a way to wait for more without asking the clock. */
export class Inbox<T> {
  readonly items: T[] = [];
  readonly #checks = new Set<() => void>();
  #closed = false;

  push(item: T): void {
    this.items.push(item);
    this.#check();
  }

  /** Nothing more will come: who still waits fails. */
  close(): void {
    this.#closed = true;
    this.#check();
  }

  /** Waits until it holds; asked again after each arrival. */
  async until(holds: (items: readonly T[]) => boolean, timeoutMs = TIMEOUT_MS): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const failed = (why: string): void => reject(new Error(`${why}; so far: ${JSON.stringify(this.items.slice(-20))}`));
    const check = (): void => {
      if (holds(this.items)) resolve();
      else if (this.#closed) failed("nothing more will come");
    };
    const timer = setTimeout(() => failed(`not seen within ${timeoutMs} ms`), timeoutMs);
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
