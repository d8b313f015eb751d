import type { Clock } from "../clock.ts";
import type { BoundedQueue } from "./bounded-queue.ts";

export interface BatchOptions {
  /** Maximum number of events in a batch. */
  readonly maxSize: number;
  /** How long the first event of a batch waits for more, in milliseconds. */
  readonly maxDelayMs: number;
}

/** Yields events in batches, each as soon as it is full or its first event has waited `maxDelayMs`. */
export async function* batchesOf<T>(
  queue: BoundedQueue<T>,
  clock: Clock,
  { maxSize, maxDelayMs }: BatchOptions,
): AsyncGenerator<readonly T[], void, void> {
  const size = Math.max(1, Math.min(maxSize, queue.capacity));
  while (await queue.ready(1)) {
    if (queue.size < size) await fullOrTimeout(queue, size, clock, maxDelayMs);
    yield queue.take(size);
  }
}

async function fullOrTimeout(queue: BoundedQueue<unknown>, size: number, clock: Clock, delayMs: number): Promise<void> {
  const full = queue.ready(size);
  full.catch(() => undefined); // The next `ready` call reports the error, after the queued events.
  let cancel = (): void => undefined;
  const late = new Promise<void>((resolve) => (cancel = clock.timer(delayMs, resolve)));
  await Promise.race([full, late]).finally(() => cancel());
}
