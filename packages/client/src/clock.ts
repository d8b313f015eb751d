/** Time as the client sees it: handed in, so that a day of reconnects can pass in a test. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Runs once after so many milliseconds, unless the function that it gives is called before. */
  timer(milliseconds: number, run: () => void, options?: TimerOptions): () => void;
}

export interface TimerOptions {
  /** It does not keep a program alive that has nothing else to do. */
  readonly background?: boolean;
}

/** What timers hold at most: a longer wait would end at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => Date.now(),
  timer(milliseconds, run, { background = false } = {}) {
    const timer: { unref?(): unknown } | number = setTimeout(run, Math.min(milliseconds, MAX_DELAY_MS));
    // Browsers give a number, and end with their page anyway.
    if (background && typeof timer === "object") timer.unref?.();
    return () => clearTimeout(timer as unknown as number);
  },
};
