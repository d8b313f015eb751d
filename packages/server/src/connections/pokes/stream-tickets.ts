import { LRUCache } from "lru-cache";
import { randomText } from "../../lib/random.ts";

/** How long a ticket is valid, in milliseconds. */
export const TICKET_MS = 60_000;

/**
 * A ticket stands for a token where none can be sent: browsers' `EventSource` can't set headers, and a token in a URL ends
 * up in logs. It is valid once, and for a minute.
 */
export class StreamTickets {
  readonly #tokens = new LRUCache<string, string>({ max: 100_000, ttl: TICKET_MS });

  issue(token: string): string {
    const ticket = randomText(40);
    this.#tokens.set(ticket, token);
    return ticket;
  }

  /** @returns the token; "" if the ticket is not valid */
  redeem(ticket: string): string {
    const token = this.#tokens.get(ticket) ?? "";
    this.#tokens.delete(ticket);
    return token;
  }
}
