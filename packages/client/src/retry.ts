import type { Clock } from "./clock.ts";
import { backoff, type BackoffLimits } from "./connection/backoff.ts";
import { asError, type ErrorCode } from "./errors.ts";

/** Reasons that may pass by themselves. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["network", "timeout", "busy", "status"]);

/** Tries again, with growing pauses, while it fails for a reason that may pass and is still wanted. */
export type Retry = <T>(run: () => Promise<T>, isWanted: () => boolean) => Promise<T | undefined>;

/** @returns a function that gives `undefined` when it is wanted no more, and throws what will not pass */
export const createRetry =
  (clock: Clock, random: () => number, limits: BackoffLimits): Retry =>
  async (run, isWanted) => {
    for (let attempt = 0; isWanted(); attempt += 1) {
      try {
        return await run();
      } catch (thrown) {
        const error = asError(thrown);
        if (!TRANSIENT.has(error.code)) throw error;
        const delay = backoff(attempt, error.retryAfterMs, random(), limits);
        await new Promise<void>((resolve) => clock.timer(delay, resolve));
      }
    }
    return undefined;
  };
