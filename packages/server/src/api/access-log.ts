import type { Logger } from "pino";
import type { Principal } from "../rules/principal.ts";

/** Parameters whose values let others in. */
const SECRETS = ["token", "access_token", "code", "mfaId"];
const MAX_URL = 3000;

export interface AccessEntry {
  readonly id: string;
  readonly method: string;
  readonly url: URL;
  readonly status: number;
  /** `performance.now()` at the request's start. */
  readonly started: number;
  readonly principal: Principal;
}

/** The one line that each request leaves in the log. */
export function logAccess(logger: Logger, { id, method, url, status, started, principal }: AccessEntry): void {
  const ms = Math.round((performance.now() - started) * 100) / 100;
  logger.info({ request: id, method, url: loggedUrl(url), status, ms, principal: principalName(principal) }, "request");
}

/** Path and parameters, secrets blotted out. */
export function loggedUrl(url: URL): string {
  if (!SECRETS.some((name) => url.searchParams.has(name))) return cut(url.pathname + url.search);
  const parameters = new URLSearchParams(url.search);
  for (const name of SECRETS) if (parameters.has(name)) parameters.set(name, "***");
  return cut(`${url.pathname}?${parameters.toString()}`);
}

const cut = (text: string): string => (text.length > MAX_URL ? `${text.slice(0, MAX_URL)}...` : text);

/** `users/ID`; "" for a guest. */
const principalName = (principal: Principal): string =>
  principal.kind === "guest" ? "" : `${principal.collection.name}/${principal.values.id}`;
