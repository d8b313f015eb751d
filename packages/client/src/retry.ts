import type { Clock } from "./clock.ts";
import { backoff, type BackoffLimits } from "./connection/backoff.ts";
import { toHeadwaterError, type ErrorCode, type HeadwaterError } from "./errors.ts";

/** Errors that may go away by themselves. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set<ErrorCode>(["network", "timeout", "busy", "status"]);

/**
 * Runs `run` until it succeeds, with growing pauses, as long as it fails with a transient error and `isWanted()`.
 * `onRetry` is called with each transient error.
 */
export type Retry = <T>(
  run: () => Promise<T>,
  isWanted: () => boolean,
  onRetry?: (error: HeadwaterError) => void,
) => Promise<T | undefined>;

/** The function it returns resolves with `undefined` once `isWanted()` is false, and rejects with permanent errors. */
export const createRetry =
  (clock: Clock, random: () => number, limits: BackoffLimits): Retry =>
  async (run, isWanted, onRetry) => {
    for (let attempt = 0; isWanted(); attempt += 1) {
      try {
        return await run();
      } catch (thrown) {
        const error = toHeadwaterError(thrown);
        if (!TRANSIENT.has(error.code)) throw error;
        onRetry?.(error);
        const delay = backoff(attempt, error.retryAfterMs, random(), limits);
        await new Promise<void>((resolve) => clock.timer(delay, resolve));
      }
    }
    return undefined;
  };
