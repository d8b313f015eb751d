import type { Config } from "../config.ts";
import { AddressGroups } from "../connections/address-group.ts";
import { ClientQuotas } from "../connections/client-quotas.ts";
import { ConnectionLimiter } from "../connections/connection-limiter.ts";
import { StreamOwners } from "../connections/stream-owners.ts";
import { TokenExpiry } from "../connections/token-expiry.ts";
import type { EvaluationLimits } from "../hub/evaluation/evaluation-budget.ts";
import { TurnLimiter } from "../lib/scheduling/turn-limiter.ts";
import type { Metrics } from "../metrics/metrics.ts";
import { type Principal, principalKey } from "../rules/principal.ts";

/** Connections opened, or subscriptions changed, in one turn of the event loop: about three milliseconds of work. */
const MAX_SETUPS_PER_TURN = 32;

/** What counts connections and what they use, and ends their rights. */
export interface Connections {
  readonly connectionLimiter: ConnectionLimiter;
  readonly quotas: ClientQuotas;
  readonly setupLimiter: TurnLimiter;
  readonly tokenExpiry: TokenExpiry;
  readonly streamOwners: StreamOwners;
  /** How much time the hub may spend on each connection's subscriptions. */
  readonly evaluation: EvaluationLimits<Principal>;
}

export function createConnections({ limits }: Config, metrics: Metrics): Connections {
  const groups = new AddressGroups(limits.countsLocalAddresses);
  const { connections: total, connectionsPerIp: perAddress } = limits;
  const connectionLimiter = new ConnectionLimiter({ total, perAddress }, groups);
  const quotas = new ClientQuotas(limits, groups);
  metrics.gauge("headwater_connections", "Open connections.", () => connectionLimiter.size);
  metrics.gauge(
    "headwater_subscription_bytes",
    "Bytes of subscriptions, besides the first 4 KiB of each connection.",
    () => quotas.subscriptionBytes,
  );
  metrics.gauge(
    "headwater_presence_subscriptions",
    "Presence subscriptions, besides the first two of each connection.",
    () => quotas.presence,
  );
  const setupLimiter = new TurnLimiter(MAX_SETUPS_PER_TURN, limits.setups);
  const evaluation: EvaluationLimits<Principal> = {
    perConnection: limits.evaluationShare,
    clientOf: ({ principal, address }) => (principal.kind === "guest" ? groups.of(address) : principalKey(principal)),
  };
  const ends = { tokenExpiry: new TokenExpiry(), streamOwners: new StreamOwners() };
  return { connectionLimiter, quotas, setupLimiter, evaluation, ...ends };
}
