/** How often something may be done: `burst` times at once, `perSecond` in the long run. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** One bucket's state: a number, so that each of thousands of connections can have one, with no table and no timer. */
export interface Bucket {
  /** The time at which it is full again. */
  fullAt: number;
}

/**
 * Takes a token from the bucket (GCRA, the token bucket as a due time).
 *
 * @param now milliseconds of a clock that never goes back
 * @returns milliseconds after which there is a token; 0 when one was taken
 */
export function takeToken(bucket: Bucket, { perSecond, burst }: Rate, now: number): number {
  const perToken = 1_000 / perSecond;
  const fullAt = Math.max(bucket.fullAt, now) + perToken;
  const wait = fullAt - now - burst * perToken;
  if (wait > 1e-6) return wait;
  bucket.fullAt = fullAt;
  return 0;
}
