import { BatchScheduler } from "../lib/batch-scheduler.ts";
import type { Draining } from "./drain.ts";
import type { EventStream } from "./event-stream.ts";

/** How often streams are looked after, in milliseconds, at the most and at the least. */
const TICK_MOST_MS = 1_000;
const TICK_LEAST_MS = 10;

/** All open streams that are no sessions of the hub. */
export class EventStreams {
  readonly #open = new Set<EventStream>();
  readonly #rounds = new BatchScheduler<EventStream>((streams) => {
    for (const stream of streams) stream.flush();
  });
  readonly #timer: Timer;

  /** @param quietMs a connection that was quiet for so long gets a heartbeat */
  constructor(quietMs: number) {
    const tick = Math.min(TICK_MOST_MS, Math.max(TICK_LEAST_MS, quietMs / 5));
    this.#timer = setInterval(() => {
      for (const stream of this.#open) stream.beat(quietMs);
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

  /** Never in a request handler: writing there splits that handler's own response into many sends. */
  schedule(stream: EventStream): void {
    this.#rounds.schedule(stream);
  }

  /** For the end of the server. */
  all(): readonly Draining[] {
    return [...this.#open];
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
