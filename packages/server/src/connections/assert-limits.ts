import { invalid, limited } from "../lib/api-error.ts";
import { takeToken } from "../lib/token-bucket.ts";
import type { Session } from "../hub/session.ts";
import { type Principal, principalKey } from "../rules/principal.ts";
import { SOCKET_POKE_CODEC } from "../transports/poke.ts";
import { randomRetryAfter } from "../transports/retry.ts";
import type { ConnectionContext } from "./connection-context.ts";

/** Requests that a connection may make at once, as a multiple of its rate per second. */
const BURST = 20;

/** In seconds: sooner or later another connection ends and makes room. */
const drawConnectionRetry = (): number => randomRetryAfter(5, 30);

/**
 * Waits for this request's turn to open a connection or change subscriptions.
 *
 * @throws ApiError 503 if too many requests already wait
 */
export async function awaitSetupTurn({ setupLimiter }: Pick<ConnectionContext, "setupLimiter">): Promise<void> {
  if (await setupLimiter.enter()) return;
  throw limited(
    503,
    { setup: invalid("limit_setups", "Too many connections are being set up.") },
    randomRetryAfter(1, 5),
  );
}

/** @throws ApiError 503 if the server or the address has reached its limit of connections */
export function assertConnectionLimit(
  { connectionLimiter }: Pick<ConnectionContext, "connectionLimiter">,
  address: string,
): void {
  const limit = connectionLimiter.reachedLimit(address);
  if (!limit) return;
  const problem =
    limit === "total"
      ? invalid("limit_connections", "The server has reached its limit of connections.")
      : invalid("limit_connections_ip", "The address has reached its limit of connections.");
  throw limited(503, { connections: problem }, drawConnectionRetry());
}

/**
 * @param before the connection's principal so far
 * @throws ApiError 429 if the connection would exceed the user's limit. Not 503: only this client is affected, so a proxy
 *   should neither try another server nor mark this one as failing.
 */
export function assertUserLimit(context: ConnectionContext, before: Principal, now: Principal): void {
  if (isWithinUserLimit(context, before, now)) return;
  const problem = invalid("limit_connections_user", "The user has reached the limit of connections.");
  throw limited(429, { connections: problem }, drawConnectionRetry());
}

export function isWithinUserLimit({ hub, config }: ConnectionContext, before: Principal, now: Principal): boolean {
  const { connectionsPerUser } = config.limits;
  const key = principalKey(now);
  if (connectionsPerUser === 0 || now.kind === "guest" || principalKey(before) === key) return true;
  // A WebSocket that syncs has a second session, but counts as one connection.
  const connections = hub.sessionsOf(key).filter(({ codec }) => codec !== SOCKET_POKE_CODEC);
  return connections.length < connectionsPerUser;
}

/** @throws ApiError 429 if the connection changes its subscriptions too often */
export function assertRequestRate({ config }: ConnectionContext, session: Session<Principal>): void {
  const perSecond = config.limits.requestsPerSecond;
  const wait = takeToken(session.requests, { perSecond, burst: BURST * perSecond }, performance.now());
  if (wait === 0) return;
  const seconds = Math.ceil(wait / 1_000);
  throw limited(
    429,
    { requests: invalid("limit_requests", "Too many requests for this connection.") },
    randomRetryAfter(seconds, seconds + 1),
  );
}
