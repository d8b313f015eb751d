import { Timeout } from "../core/deadline.ts";

/** Everything that has arrived, and a way to wait for more, with a time limit. */
export class Inbox<T> {
  readonly items: T[] = [];
  readonly #checks = new Set<() => void>();
  #ended: string | undefined;

  /** Whether nothing more will arrive. */
  get isOver(): boolean {
    return this.#ended !== undefined;
  }

  push(item: T): void {
    this.items.push(item);
    this.#check();
  }

  /** Nothing more will arrive: pending waits reject with the reason. */
  end(reason: string): void {
    this.#ended ??= reason;
    this.#check();
  }

  /**
   * Waits until the condition holds; checks it after each arrival. Rejects with what the condition throws.
   *
   * @param what the subject of "… did not arrive"
   */
  until(holds: (items: readonly T[]) => boolean, timeoutMs: number, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        clearTimeout(timer);
        this.#checks.delete(check);
        finish();
      };
      const check = (): void => {
        let isMet: boolean;
        try {
          isMet = holds(this.items);
        } catch (error) {
          // Something arrived that the condition can't read: that is for the caller to know, not for the stream.
          return settle(() => reject(error));
        }
        if (isMet) settle(resolve);
        else if (this.#ended !== undefined) settle(() => reject(new Timeout(`${what} did not arrive: ${this.#ended}`)));
      };
      const late = (): void => reject(new Timeout(`${what} did not arrive within ${timeoutMs} ms`));
      const timer = setTimeout(() => settle(late), timeoutMs);
      this.#checks.add(check);
      check();
    });
  }

  #check(): void {
    for (const check of this.#checks) check();
  }
}
