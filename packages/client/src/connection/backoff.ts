export interface BackoffLimits {
  /** The least that is waited before a reconnect, unless the server names a time. */
  readonly minMs: number;
  /** The span of the first reconnect; it doubles with each attempt. */
  readonly baseMs: number;
  /** The longest span. */
  readonly maxMs: number;
  /** The longest time that a server may ask for. */
  readonly maxAskedMs: number;
}

export const BACKOFF: BackoffLimits = { minMs: 100, baseMs: 400, maxMs: 20_000, maxAskedMs: 5 * 60_000 };

/**
 * Full jitter over a span that doubles, above the time that the server asked for: clients that were cut together, or were
 * told the same `Retry-After`, do not come back together.
 *
 * @param attempt 0 for the first reconnect
 * @param askedMs what the server asked for with `retry:` or `Retry-After`
 * @param random from 0 up to, but not, 1
 */
export function backoff(attempt: number, askedMs: number | undefined, random: number, limits: BackoffLimits): number {
  const floor = Math.min(askedMs ?? limits.minMs, limits.maxAskedMs);
  const span = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.min(attempt, 30));
  return Math.round(floor + random * span);
}
