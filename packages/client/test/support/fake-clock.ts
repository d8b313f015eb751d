import type { Clock } from "../../src/clock.ts";

interface Timer {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** A clock that the test moves. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now = 1_700_000_000_000;
  #order = 0;

  now(): number {
    return this.#now;
  }

  timer(milliseconds: number, run: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, milliseconds), order: (this.#order += 1), run };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Moves time forward, timer by timer. All work that a timer starts is done before the next timer runs. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settle();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settle();
    }
    this.#now = end;
  }

  /** Moves time forward without running timers, as when the machine sleeps. */
  sleep(milliseconds: number): void {
    this.#now += milliseconds;
  }

  #next(end: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers)
      if (timer.at <= end && (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)))
        next = timer;
    return next;
  }
}

/** Waits until all promises that don't depend on a timer are settled. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
