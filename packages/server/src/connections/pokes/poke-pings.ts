/** How often each stream is pinged, in milliseconds. */
const PERIOD_MS = 30_000;
const TICK_MS = 1_000;

/** A connection that is pinged. */
export interface Pinged {
  ping(): void;
}

/** Pings the poke streams of Replicache clients, each one 30 seconds after it opened and every 30 seconds from then on. */
export class PokePings {
  /** When each stream is due, by a clock that never jumps. All wait equally long, so the map is in that order. */
  readonly #due = new Map<Pinged, number>();

  /** @returns a function that stops the pings */
  start(): () => void {
    const timer = setInterval(() => this.tick(performance.now()), TICK_MS);
    return () => clearInterval(timer);
  }

  add(stream: Pinged, now: number): void {
    this.#due.set(stream, now + PERIOD_MS);
  }

  remove(stream: Pinged): void {
    this.#due.delete(stream);
  }

  tick(now: number): void {
    for (const [stream, due] of this.#due) {
      if (due > now) return;
      this.#due.delete(stream);
      this.#due.set(stream, now + PERIOD_MS);
      stream.ping();
    }
  }
}
