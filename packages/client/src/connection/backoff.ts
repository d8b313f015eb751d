export interface BackoffLimits {
  /** The minimum delay before a reconnect, unless the server asks for a delay. */
  readonly minMs: number;
  /** The range of the random delay before the first reconnect. Doubles with each attempt. */
  readonly baseMs: number;
  /** The maximum range of the random delay. */
  readonly maxMs: number;
  /** The maximum delay that a server can ask for. */
  readonly maxRetryAfterMs: number;
}

export const DEFAULT_BACKOFF: BackoffLimits = { minMs: 100, baseMs: 400, maxMs: 20_000, maxRetryAfterMs: 5 * 60_000 };

/**
 * The delay before a reconnect in milliseconds: full jitter over a range that doubles, on top of the delay that the
 * server asked for. Clients that lost their connections together, or got the same `Retry-After`, don't reconnect
 * together.
 *
 * @param attempt 0 for the first reconnect
 * @param requestedMs the delay in the server's `retry:` or `Retry-After`, in milliseconds
 * @param random from 0 (inclusive) to 1 (exclusive)
 */
export function backoff(
  attempt: number,
  requestedMs: number | undefined,
  random: number,
  limits: BackoffLimits,
): number {
  const floor = Math.min(requestedMs ?? limits.minMs, limits.maxRetryAfterMs);
  const range = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(floor + random * range);
}
