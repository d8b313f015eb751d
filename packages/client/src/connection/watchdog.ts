import type { Clock } from "../clock.ts";

export interface WatchdogHandlers {
  /** No byte arrived for longer than the limit. */
  readonly onQuiet: (quietMs: number) => void;
  /** The timer fired much too late: the machine slept, or the page was frozen. */
  readonly onSleep: (quietMs: number) => void;
}

const MAX_TICK_MS = 10_000;
/** A timer this late means sleep: busy pages are late by less, throttled background pages by up to a minute. */
const SLEEP_THRESHOLD_MS = 5_000;

/** Detects an open connection that has gone silent, and a machine that slept. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limitMs: () => number;
  readonly #handlers: WatchdogHandlers;
  #lastByteAt: number;
  #stop: () => void = () => undefined;

  /** @param limitMs the longest allowed silence; called for each check, because it depends on the server */
  constructor(clock: Clock, limitMs: () => number, handlers: WatchdogHandlers) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#handlers = handlers;
    this.#lastByteAt = clock.now();
    this.#schedule();
  }

  get quietMs(): number {
    return this.#clock.now() - this.#lastByteAt;
  }

  onBytes(): void {
    this.#lastByteAt = this.#clock.now();
  }

  stop(): void {
    this.#stop();
  }

  #schedule(): void {
    const tick = Math.max(1, Math.min(MAX_TICK_MS, this.#limitMs() / 3));
    const expected = this.#clock.now() + tick;
    this.#stop = this.#clock.timer(tick, () => {
      this.#schedule();
      if (this.#clock.now() - expected > SLEEP_THRESHOLD_MS) this.#handlers.onSleep(this.quietMs);
      else if (this.quietMs > this.#limitMs()) this.#handlers.onQuiet(this.quietMs);
    });
  }
}
