import type { Logger } from "pino";
import type { Principal } from "../rules/principal.ts";

/** Parameters whose values let others in. */
const SECRETS = ["token", "access_token", "code", "mfaId", "ticket"];
const MAX_URL = 3000;

/**
 * The one line that each request leaves in the log. It keeps texts alone, since that of an event stream is written
 * hours after its request.
 */
export class AccessLine {
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

  write(): void {
    const ms = Math.round((performance.now() - this.#started) * 100) / 100;
    this.#logger.info({ ...this.#request, status: this.status, ms, principal: this.principal }, "request");
  }
}

/** Path and parameters, secrets blotted out. */
export function loggedUrl(url: URL): string {
  if (url.search === "") return cut(url.pathname);
  if (!SECRETS.some((name) => url.searchParams.has(name))) return cut(url.pathname + url.search);
  const parameters = new URLSearchParams(url.search);
  for (const name of SECRETS) if (parameters.has(name)) parameters.set(name, "***");
  return cut(`${url.pathname}?${parameters.toString()}`);
}

const cut = (text: string): string => (text.length > MAX_URL ? `${text.slice(0, MAX_URL)}...` : text);

/** How the log calls a principal. */
export const principalName = (principal: Principal): string =>
  principal.kind === "guest" ? "" : `${principal.collection.name}/${principal.values.id}`;
