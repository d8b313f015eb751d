import type { Session } from "../hub/session.ts";
import { invalid, limited } from "../lib/api-error.ts";
import { takeToken } from "../lib/token-bucket.ts";
import { type Principal, principalKey } from "../rules/principal.ts";
import { SOCKET_POKE_CODEC } from "../transports/poke.ts";
import { drawRetryAfter } from "../transports/retry.ts";
import type { ApiContext } from "../http/api-context.ts";

/** Requests that a connection may make at once, as a multiple of what it may make a second. */
const BURST = 20;

/** Connections come and go: a place is free sooner or later. */
const whenPlacesAreFree = (): number => drawRetryAfter(5, 30);

/**
 * Waits until it is this request's turn to set up a stream or its subscriptions.
 *
 * @throws ApiError 503 when too many wait already
 */
export async function takeTurn({ setups }: ApiContext): Promise<void> {
  if (await setups.enter()) return;
  throw limited(
    503,
    { setup: invalid("limit_setups", "Too many connections are being set up.") },
    drawRetryAfter(1, 5),
  );
}

/** @throws ApiError 503 when the server, or the address, has all the connections that it may have */
export function assertRoom({ admission }: ApiContext, address: string): void {
  const refusal = admission.refusal(address);
  if (!refusal) return;
  const problem =
    refusal === "total"
      ? invalid("limit_connections", "The server has all the connections that it may have.")
      : invalid("limit_connections_ip", "The address has all the connections that it may have.");
  throw limited(503, { connections: problem }, whenPlacesAreFree());
}

/**
 * @param before who the connection is so far
 * @throws ApiError 429 when it would become one more of a user who has all the connections that it may have.
 *   Not 503: it is this client's affair, and no proxy should try another server or take this one for ill.
 */
export function assertRoomForUser(deps: ApiContext, before: Principal, now: Principal): void {
  if (hasRoomForUser(deps, before, now)) return;
  const problem = invalid("limit_connections_user", "The user has all the connections that it may have.");
  throw limited(429, { connections: problem }, whenPlacesAreFree());
}

export function hasRoomForUser({ hub, config }: ApiContext, before: Principal, now: Principal): boolean {
  const { connectionsPerUser } = config.limits;
  const key = principalKey(now);
  if (connectionsPerUser === 0 || now.kind === "guest" || principalKey(before) === key) return true;
  // A WebSocket that syncs has a second session, and is one connection.
  const connections = hub.sessionsOf(key).filter(({ codec }) => codec !== SOCKET_POKE_CODEC);
  return connections.length < connectionsPerUser;
}

/** @throws ApiError 429 when the connection asks for other subscriptions too often */
export function assertPace({ config }: ApiContext, session: Session<Principal>): void {
  const perSecond = config.limits.requestsPerSecond;
  const wait = takeToken(session.requests, { perSecond, burst: BURST * perSecond }, performance.now());
  if (wait === 0) return;
  const seconds = Math.ceil(wait / 1_000);
  throw limited(
    429,
    { requests: invalid("limit_requests", "Too many requests for this connection.") },
    drawRetryAfter(seconds, seconds + 1),
  );
}
