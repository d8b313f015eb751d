import type { Clock } from "../clock.ts";
import { decodeClaims } from "./token-claims.ts";

/** Estimates how long tokens live on a device whose clock may be wrong. Only the server knows. */
export class TokenLife {
  readonly #clock: Clock;
  /** How far this device's clock is ahead of the server's; Infinity if a token lives that should have expired. */
  #skewMs = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * Learns the server's time: it has just issued this token, or accepted it.
   *
   * @param date the response's `Date`, which is readable on the server's own pages
   */
  learn(token: string, isNew: boolean, date: string | null): void {
    const claims = decodeClaims(token);
    const issuedAt = (isNew && claims?.issuedAt) || Date.parse(date ?? "");
    if (!Number.isNaN(issuedAt)) this.#skewMs = this.#clock.now() - issuedAt;
    else if (this.remainingMs(token) <= 0) this.#skewMs = Infinity;
  }

  /** Milliseconds until the token expires; Infinity if it doesn't or that isn't known; 0 if it can't be decoded. */
  remainingMs(token: string): number {
    const claims = decodeClaims(token);
    if (!claims) return 0;
    return (claims.expiresAt ?? Infinity) + this.#skewMs - this.#clock.now();
  }
}
