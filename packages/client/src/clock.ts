/** The source of time. Injected, so that tests can simulate days of reconnects. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after a delay. @returns a function that cancels the timer */
  timer(milliseconds: number, run: () => void, options?: TimerOptions): () => void;
}

export interface TimerOptions {
  /** The timer doesn't keep the process alive. */
  readonly background?: boolean;
}

/** The longest delay of `setTimeout`. A longer one would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  timer(milliseconds, run, { background = false } = {}) {
    const timer: { unref?(): unknown } | number = setTimeout(run, Math.min(milliseconds, MAX_DELAY_MS));
    // In browsers a timer is a number.
    if (background && typeof timer === "object") timer.unref?.();
    return () => clearTimeout(timer as unknown as number);
  },
};
