import { BatchScheduler } from "../lib/scheduling/batch-scheduler.ts";
import type { Drainable } from "./drain.ts";
import type { EventStream, EventStreamSet } from "./event-stream.ts";

/** Bounds of the interval at which streams are checked, in milliseconds. */
const MAX_TICK_MS = 1_000;
const MIN_TICK_MS = 10;

/** All open event streams that are not sessions of the hub. */
export class EventStreams implements EventStreamSet {
  readonly #open = new Set<EventStream>();
  readonly #flushes = new BatchScheduler<EventStream>((streams) => {
    for (const stream of streams) stream.flush();
  });
  readonly #timer: Timer;

  /** @param quietMs a stream to which nothing was written for so long gets a heartbeat */
  constructor(quietMs: number) {
    const tick = Math.min(MAX_TICK_MS, Math.max(MIN_TICK_MS, quietMs / 5));
    this.#timer = setInterval(() => {
      for (const stream of this.#open) stream.keepAlive(quietMs);
    }, tick).unref();
  }

  get size(): number {
    return this.#open.size;
  }

  add(stream: EventStream): void {
    this.#open.add(stream);
  }

  remove(stream: EventStream): void {
    this.#open.delete(stream);
  }

  /** Flushes the stream soon. Not at once: a write in a request handler splits its own response into many sends. */
  schedule(stream: EventStream): void {
    this.#flushes.schedule(stream);
  }

  all(): readonly Drainable[] {
    return [...this.#open];
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
