import type { Config } from "../config.ts";
import type { FileStore } from "../files/file-store.ts";
import type { HttpContext } from "../http/http-context.ts";
import type { Hub } from "../hub/hub.ts";
import type { TurnLimiter } from "../lib/scheduling/turn-limiter.ts";
import type { Metrics } from "../metrics/metrics.ts";
import type { Cursors } from "../log/cursors.ts";
import type { Principal } from "../rules/principal.ts";
import type { EventVisibility } from "../visibility/event-visibility.ts";
import type { ClientQuotas } from "./client-quotas.ts";
import type { ConnectionLog } from "./connection-log.ts";
import type { ConnectionLimiter } from "./connection-limiter.ts";
import type { Liveness } from "./liveness.ts";
import type { PokeRegistry } from "./pokes/poke-registry.ts";
import type { StreamOwners } from "./stream-owners.ts";
import type { TokenExpiry } from "./token-expiry.ts";

/** What long-lived connections need of the server. */
export interface ConnectionContext extends HttpContext {
  readonly config: Config;
  readonly files: FileStore;
  readonly cursors: Cursors;
  readonly hub: Hub<Principal>;
  /** Decides who may receive which event. */
  readonly visibility: EventVisibility;
  readonly connectionLimiter: ConnectionLimiter;
  readonly connectionLog: ConnectionLog;
  readonly quotas: ClientQuotas;
  readonly metrics: Metrics;
  /** Spreads the work of opening connections and changing subscriptions over turns of the event loop. */
  readonly setupLimiter: TurnLimiter;
  readonly liveness: Liveness;
  readonly tokenExpiry: TokenExpiry;
  readonly streamOwners: StreamOwners;
  readonly pokes: PokeRegistry;
}
