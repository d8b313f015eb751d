import type { ConnectionLog } from "../connections/connection-log.ts";
import { PokeRegistry } from "../connections/pokes/poke-registry.ts";
import { StreamTickets } from "../connections/pokes/stream-tickets.ts";
import { KeyedQueue } from "../lib/scheduling/keyed-queue.ts";
import type { Hub } from "../hub/hub.ts";
import type { Principal } from "../rules/principal.ts";
import { Mutators } from "../sync/mutators.ts";
import { PokeRules } from "../sync/poke-rules.ts";

/** The state that clients which sync share. */
export interface Sync {
  readonly mutators: Mutators;
  readonly pokes: PokeRegistry;
  /** Who may poke whom. */
  readonly pokeRules: PokeRules;
  readonly tickets: StreamTickets;
  readonly pullQueue: KeyedQueue;
  readonly pushQueue: KeyedQueue;
}

export const createSync = (hub: Hub<Principal>, log: ConnectionLog): Sync => ({
  mutators: new Mutators(),
  pokes: new PokeRegistry(hub, log),
  pokeRules: new PokeRules(),
  tickets: new StreamTickets(),
  pullQueue: new KeyedQueue(),
  pushQueue: new KeyedQueue(),
});
