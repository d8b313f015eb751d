import { PokeRegistry } from "../connections/pokes/poke-registry.ts";
import { StreamTickets } from "../connections/pokes/stream-tickets.ts";
import { KeyedQueue } from "../lib/scheduling/keyed-queue.ts";
import { Mutators } from "../sync/mutators.ts";

/** The state that clients which sync share. */
export interface Sync {
  readonly mutators: Mutators;
  readonly pokes: PokeRegistry;
  readonly tickets: StreamTickets;
  readonly pullQueue: KeyedQueue;
  readonly pushQueue: KeyedQueue;
}

export const createSync = (): Sync => ({
  mutators: new Mutators(),
  pokes: new PokeRegistry(),
  tickets: new StreamTickets(),
  pullQueue: new KeyedQueue(),
  pushQueue: new KeyedQueue(),
});
