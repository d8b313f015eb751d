/** A connection that can be pinged. */
export interface Pingable {
  ping(): void;
  /** No answer came in time: ends the connection. */
  expire(): void;
}

export interface PingTimes {
  /** From the last message of the peer to the next ping. */
  readonly pingMs: number;
  /** How long the answer may take. */
  readonly pongMs: number;
}

/** The longest time between two ticks. */
const MAX_TICK_MS = 1_000;

/**
 * Pings connections and ends those that do not answer: a peer that lost its network does not say goodbye, and on a quiet
 * connection no write ever fails. Each wait is equally long for all connections, so both maps are in the order of their
 * deadlines, and a tick only looks at their first entries.
 */
export class PingScheduler {
  readonly #times: PingTimes;
  readonly #tickMs: number;
  /** When each connection is pinged next. */
  readonly #quiet = new Map<Pingable, number>();
  /** Until when each pinged connection may answer. */
  readonly #awaitingPong = new Map<Pingable, number>();

  constructor(times: PingTimes) {
    this.#times = times;
    this.#tickMs = Math.min(MAX_TICK_MS, times.pingMs / 2, times.pongMs / 2);
  }

  /** @returns a function that stops it */
  start(): () => void {
    const timer = setInterval(() => this.tick(performance.now()), this.#tickMs);
    return () => clearInterval(timer);
  }

  /** Adds a connection, or notes that its peer sent something. @param now in milliseconds of a monotonic clock */
  heardFrom(connection: Pingable, now: number): void {
    this.remove(connection);
    this.#quiet.set(connection, now + this.#times.pingMs);
  }

  remove(connection: Pingable): void {
    this.#quiet.delete(connection);
    this.#awaitingPong.delete(connection);
  }

  tick(now: number): void {
    for (const [connection, until] of this.#awaitingPong) {
      if (until > now) break;
      this.#awaitingPong.delete(connection);
      connection.expire();
    }
    // Connections that opened together would be pinged together for ever; at most twice an even share a tick spreads them.
    let share = Math.ceil((2 * (this.#quiet.size + this.#awaitingPong.size) * this.#tickMs) / this.#times.pingMs);
    for (const [connection, due] of this.#quiet) {
      if (due > now || share === 0) break;
      share -= 1;
      this.#quiet.delete(connection);
      this.#awaitingPong.set(connection, now + this.#times.pongMs);
      connection.ping();
    }
  }
}
