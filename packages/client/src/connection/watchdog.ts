import type { Clock } from "../clock.ts";

export interface WatchdogHandlers {
  /** No byte came for longer than the limit. */
  readonly onQuiet: (quietMs: number) => void;
  /** The timer came much too late: the machine slept, or the page was frozen. */
  readonly onSleep: (quietMs: number) => void;
}

const MAX_TICK_MS = 10_000;
/** A busy page is late by less; one whose timers are throttled in the background is late by a minute, and is asked then. */
const SLEEP_THRESHOLD_MS = 5_000;

/** Looks after an open connection: is it still there? One timer for silence and for sleep. */
export class Watchdog {
  readonly #clock: Clock;
  readonly #limitMs: () => number;
  readonly #handlers: WatchdogHandlers;
  #lastByte: number;
  #stop: () => void = () => undefined;

  /** @param limitMs silence that is too long; asked again each time, as it depends on what server this proves to be */
  constructor(clock: Clock, limitMs: () => number, handlers: WatchdogHandlers) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#handlers = handlers;
    this.#lastByte = clock.now();
    this.#schedule();
  }

  get quietMs(): number {
    return this.#clock.now() - this.#lastByte;
  }

  onBytes(): void {
    this.#lastByte = this.#clock.now();
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
