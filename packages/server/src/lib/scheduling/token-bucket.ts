/** A rate limit: `burst` times at once, `perSecond` in the long run. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

/** One bucket's state is one number, so that each of thousands of connections can have one without a table or timer. */
export interface Bucket {
  /** The time at which the bucket is full again. */
  fullAt: number;
}

/**
 * Takes a token from the bucket (generic cell rate algorithm).
 *
 * @param now milliseconds of a monotonic clock
 * @returns milliseconds until a token is available; 0 if one was taken
 */
export function takeToken(bucket: Bucket, { perSecond, burst }: Rate, now: number): number {
  const perToken = 1_000 / perSecond;
  const fullAt = Math.max(bucket.fullAt, now) + perToken;
  const wait = fullAt - now - burst * perToken;
  if (wait > 1e-6) return wait;
  bucket.fullAt = fullAt;
  return 0;
}
