/** A third of what one process can set up, so that there is time for what else it is asked. A herd of N takes N over this. */
export const RECONNECTS_PER_SECOND = 1_000;

const LEAST_MS = 500;
const LEAST_SPREAD_MS = 2_000;

/**
 * What one client waits before it comes back, in milliseconds: each another time, drawn from a span that grows with how
 * many are here. `EventSource` keeps to it, PocketBase's SDK has steps of its own.
 */
export function drawRetry(connections: number): number {
  const spread = Math.max(LEAST_SPREAD_MS, (connections / RECONNECTS_PER_SECOND) * 1_000);
  return Math.round(LEAST_MS + Math.random() * spread);
}

/** Seconds for `Retry-After`, which knows no fractions: each another number of the span. */
export const drawRetryAfter = (least: number, most: number): number =>
  least + Math.floor(Math.random() * (most - least + 1));
