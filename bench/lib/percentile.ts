/** The nearest-rank percentile of sorted values; NaN without any. */
export const percentile = (sorted: ArrayLike<number>, p: number): number =>
  sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
