import { Timeout } from "../core/deadline.ts";

/** What has arrived so far, and a way to wait for more that always ends. */
export class Inbox<T> {
  readonly items: T[] = [];
  readonly #checks = new Set<() => void>();
  #ended: string | undefined;

  /** Whether nothing more will come. */
  get isOver(): boolean {
    return this.#ended !== undefined;
  }

  push(item: T): void {
    this.items.push(item);
    this.#check();
  }

  /** Nothing more will come, for this reason: who still waits fails with it. */
  end(reason: string): void {
    this.#ended ??= reason;
    this.#check();
  }

  /**
   * Waits until it holds; asked again after each arrival.
   *
   * @param what ends the sentence "… did not come"
   */
  until(holds: (items: readonly T[]) => boolean, timeoutMs: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        this.#checks.delete(check);
        finish();
      };
      const check = (): void => {
        if (holds(this.items)) settle(resolve);
        else if (this.#ended !== undefined) settle(() => reject(new Timeout(`${what} did not come: ${this.#ended}`)));
      };
      const late = (): void => reject(new Timeout(`${what} did not come within ${timeoutMs} ms`));
      const timer = setTimeout(() => settle(late), timeoutMs);
      this.#checks.add(check);
      check();
    });
  }

  #check(): void {
    for (const check of this.#checks) check();
  }
}
