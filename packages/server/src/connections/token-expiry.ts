import { readClaims } from "../auth/token-claims.ts";
import { BatchScheduler } from "../lib/scheduling/batch-scheduler.ts";

/** How long after its token a connection may still have its rights, in milliseconds. */
const TICK_MS = 250;

/** What runs when a token expires, by the connection that it belongs to. */
type Bucket = Map<object, () => void>;

/** Ends the rights of connections when their tokens expire. One timer serves all: there are thousands, for hours. */
export class TokenExpiry {
  /** By the second in which the tokens expire. */
  readonly #buckets = new Map<number, Bucket>();
  readonly #secondOf = new Map<object, number>();
  /** Tokens that were issued together expire together. */
  readonly #expired = new BatchScheduler<() => void>((works) => {
    for (const work of works) work();
  });

  /** @returns a function that stops it */
  start(): () => void {
    const timer = setInterval(() => this.tick(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }

  /** How many tokens are waited for. */
  get size(): number {
    return this.#secondOf.size;
  }

  /**
   * Notes the token from which a connection has its rights, in place of the one before.
   *
   * @param token a valid one; "" for a guest
   */
  set(connection: object, token: string, onExpired: () => void): void {
    this.remove(connection);
    const expires = token === "" ? undefined : readClaims(token)?.exp;
    if (expires === undefined) return;
    const second = Math.ceil(expires);
    let bucket = this.#buckets.get(second);
    if (!bucket) this.#buckets.set(second, (bucket = new Map()));
    bucket.set(connection, onExpired);
    this.#secondOf.set(connection, second);
  }

  remove(connection: object): void {
    const second = this.#secondOf.get(connection);
    if (second === undefined) return;
    this.#secondOf.delete(connection);
    const bucket = this.#buckets.get(second);
    bucket?.delete(connection);
    if (bucket?.size === 0) this.#buckets.delete(second);
  }

  /** @param now milliseconds since 1970; the clock may have been set */
  tick(now: number): void {
    for (const [second, bucket] of this.#buckets) {
      if (second * 1_000 > now) continue;
      for (const [connection, onExpired] of bucket) {
        this.remove(connection);
        this.#expired.schedule(onExpired);
      }
    }
  }
}
