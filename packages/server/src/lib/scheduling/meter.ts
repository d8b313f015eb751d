/** Whom work is charged to that begins later, or that several share. */
export interface Meter {
  /** Whether the requesters of the work have used up their time. */
  isExhausted(): boolean;
  /** Notes what it took, in milliseconds. */
  charge(ms: number): void;
}

/** Several who share the work: it is done as long as one of them has time left, and each pays an equal part. */
export const sharedMeter = (meters: ReadonlySet<Meter>): Meter => ({
  isExhausted: () => meters.size > 0 && [...meters].every((meter) => meter.isExhausted()),
  charge: (ms) => {
    for (const meter of meters) meter.charge(ms / meters.size);
  },
});
