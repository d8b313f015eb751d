import { LRUCache } from "lru-cache";
import { randomText } from "../lib/random.ts";

/** How long a ticket may wait to be used, in milliseconds. */
export const TICKET_MS = 60_000;

/**
 * Tickets stand for a token where none can be sent: browsers' `EventSource` has no headers, and a token in a URL would
 * stay in logs. Each is good for once, and not for long.
 */
export class SyncTickets {
  readonly #tokens = new LRUCache<string, string>({ max: 100_000, ttl: TICKET_MS });

  issue(token: string): string {
    const ticket = randomText(40);
    this.#tokens.set(ticket, token);
    return ticket;
  }

  /** The token that it stands for; "" for none. */
  redeem(ticket: string): string {
    const token = this.#tokens.get(ticket) ?? "";
    this.#tokens.delete(ticket);
    return token;
  }
}
