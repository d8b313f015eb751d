/** A connection that can be asked whether it is there. */
export interface Pulsing {
  ping(): void;
  /** It gave no sign of life in time. */
  expire(): void;
}

export interface PulseTimes {
  /** From a sign of life to the next ping. */
  readonly pingMs: number;
  /** What the answer may take. */
  readonly pongMs: number;
}

/** The longest between two looks. */
const TICK_MS = 1_000;

/**
 * Pings connections and ends those that do not answer: a peer that lost its network says no goodbye, and to a quiet
 * connection nothing is ever written that could fail. Both waits are the same for all, so each line is in the order of
 * its times, and a look at its head is enough.
 */
export class PingScheduler {
  readonly #times: PulseTimes;
  readonly #tickMs: number;
  /** When each is pinged next. */
  readonly #quiet = new Map<Pulsing, number>();
  /** Until when each may answer. */
  readonly #asked = new Map<Pulsing, number>();

  constructor(times: PulseTimes) {
    this.#times = times;
    this.#tickMs = Math.min(TICK_MS, times.pingMs / 2, times.pongMs / 2);
  }

  /** Looks after all from now on. @returns a function that stops it */
  start(): () => void {
    const timer = setInterval(() => this.look(performance.now()), this.#tickMs);
    return () => clearInterval(timer);
  }

  /** It is there: as new, or by a sign of life. @param now milliseconds of a clock that never goes back */
  alive(connection: Pulsing, now: number): void {
    this.leave(connection);
    this.#quiet.set(connection, now + this.#times.pingMs);
  }

  leave(connection: Pulsing): void {
    this.#quiet.delete(connection);
    this.#asked.delete(connection);
  }

  look(now: number): void {
    for (const [connection, until] of this.#asked) {
      if (until > now) break;
      this.#asked.delete(connection);
      connection.expire();
    }
    // Those who came at once would be pinged at once, for ever: twice their even share in a turn spreads them.
    let share = Math.ceil((2 * (this.#quiet.size + this.#asked.size) * this.#tickMs) / this.#times.pingMs);
    for (const [connection, due] of this.#quiet) {
      if (due > now || share === 0) break;
      share -= 1;
      this.#quiet.delete(connection);
      this.#asked.set(connection, now + this.#times.pongMs);
      connection.ping();
    }
  }
}
