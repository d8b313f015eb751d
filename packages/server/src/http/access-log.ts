import type { Logger } from "pino";
import type { Principal } from "../rules/principal.ts";
import { loggedUrl } from "./logged-url.ts";

/**
 * The one line that each request writes to the log. It holds only text: the entry of an event stream is written hours
 * after the request, which it must not keep alive.
 */
export class AccessLogEntry {
  readonly #logger: Logger;
  readonly #request: { readonly request: string; readonly method: string; readonly url: string };
  readonly #started = performance.now();
  status = 0;
  /** `users/ID`; "" for a guest. */
  principal = "";

  constructor(logger: Logger, id: string, method: string, url: URL) {
    this.#logger = logger;
    this.#request = { request: id, method, url: loggedUrl(url) };
  }

  /** The request's id. */
  get request(): string {
    return this.#request.request;
  }

  write(): void {
    const ms = Math.round((performance.now() - this.#started) * 100) / 100;
    this.#logger.info({ ...this.#request, status: this.status, ms, principal: this.principal }, "request");
  }
}

/** `users/ID`; "" for a guest. */
export const principalName = (principal: Principal): string =>
  principal.kind === "guest" ? "" : `${principal.collection.name}/${principal.values.id}`;
