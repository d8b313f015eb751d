/** A third of what one process can set up, so that it has time for other requests. */
export const RECONNECTS_PER_SECOND = 1_000;

const MIN_RETRY_MS = 500;
const MIN_SPREAD_MS = 2_000;

/**
 * How long one client should wait before it reconnects, in milliseconds: random within a span that grows with the number
 * of connections. `EventSource` honours it; PocketBase's SDK has its own delays.
 */
export function randomRetryMs(connections: number): number {
  const spread = Math.max(MIN_SPREAD_MS, (connections / RECONNECTS_PER_SECOND) * 1_000);
  return Math.round(MIN_RETRY_MS + Math.random() * spread);
}

/** Whole seconds for `Retry-After`, random between `min` and `max`. */
export const randomRetryAfter = (min: number, max: number): number => min + Math.floor(Math.random() * (max - min + 1));
