import { badRequest, invalid, limited } from "../lib/api-error.ts";
import { takeToken } from "../lib/scheduling/token-bucket.ts";
import type { Session } from "../hub/session.ts";
import { type Principal, principalKey } from "../rules/principal.ts";
import { SOCKET_POKE_CODEC } from "../transports/poke.ts";
import { randomRetryAfter } from "../transports/retry.ts";
import type { QuotaRefusal, Usage } from "./client-quotas.ts";
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
export async function awaitSetupTurn({
  setupLimiter,
  metrics,
}: Pick<ConnectionContext, "setupLimiter" | "metrics">): Promise<void> {
  if (await setupLimiter.enter()) return;
  metrics.refused("limit_setups");
  throw limited(
    503,
    { setup: invalid("limit_setups", "Too many connections are being set up.") },
    randomRetryAfter(1, 5),
  );
}

/** @throws ApiError 503 if the server or the address has reached its limit of connections */
export function assertConnectionLimit(
  { connectionLimiter, metrics }: Pick<ConnectionContext, "connectionLimiter" | "metrics">,
  address: string,
): void {
  const limit = connectionLimiter.reachedLimit(address);
  if (!limit) return;
  const problem =
    limit === "total"
      ? invalid("limit_connections", "The server has reached its limit of connections.")
      : invalid("limit_connections_ip", "The address has reached its limit of connections.");
  metrics.refused(problem.code);
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
  context.metrics.refused(problem.code);
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
export function assertRequestRate({ config, metrics }: ConnectionContext, session: Session<Principal>): void {
  const perSecond = config.limits.requestsPerSecond;
  const wait = takeToken(session.requests, { perSecond, burst: BURST * perSecond }, performance.now());
  if (wait === 0) return;
  const seconds = Math.ceil(wait / 1_000);
  metrics.refused("limit_requests");
  throw limited(
    429,
    { requests: invalid("limit_requests", "Too many requests for this connection.") },
    randomRetryAfter(seconds, seconds + 1),
  );
}

/**
 * Checks what a connection's new subscriptions use, before they are parsed.
 *
 * @throws ApiError 400 beyond the connection's own limit, 429 beyond that of its address or account, and 503 beyond that
 *   of all connections
 */
export function assertUsage(
  { quotas, metrics }: ConnectionContext,
  session: Session<Principal>,
  principal: Principal,
  usage: Usage,
): void {
  throwRefusal(quotas.refusal(session, principal, usage), metrics);
}

/** The same, and counts them from now on. */
export function countUsage(
  { quotas, metrics }: ConnectionContext,
  session: Session<Principal>,
  principal: Principal,
  usage: Usage,
): void {
  throwRefusal(quotas.set(session, principal, usage), metrics);
}

function throwRefusal(refusal: QuotaRefusal | undefined, metrics: ConnectionContext["metrics"]): void {
  if (!refusal) return;
  const { limit, isShared, problem } = refusal;
  metrics.refused(limit);
  const data = { subscriptions: invalid(limit, problem) };
  if (limit === "limit_presence_rooms") throw badRequest("", data);
  throw limited(isShared ? 503 : 429, data, drawConnectionRetry());
}
