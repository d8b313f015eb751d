import { parseSubscription, type Subscription } from "@headwater/protocol";
import { COLLECTIONS } from "../../collections/model/log-collection-change.ts";
import type { Schema } from "../../collections/model/schema.ts";
import type { Hub } from "../../hub/hub.ts";
import type { Session } from "../../hub/session.ts";
import { SharedRuns } from "../../lib/scheduling/shared-runs.ts";
import type { Change } from "../../log/change.ts";
import type { Principal } from "../../rules/principal.ts";
import type { ConnectionLog } from "../connection-log.ts";
import { pokeChange, type RoomSubscription } from "../../visibility/channels/poke-change.ts";

/** A connection on which the server pokes a client to make it pull. */
export interface PokeTarget {
  readonly session: Session<Principal>;
  /** The rooms that the client is in. */
  readonly rooms: readonly RoomSubscription[];
  poke(): void;
}

/**
 * The connections of all clients that sync, by user. The hub pokes a user for every record that becomes visible, changes
 * or becomes invisible, and those in a room; the registry does it for all other reasons.
 */
export class PokeRegistry {
  readonly #hub: Hub<Principal>;
  readonly #log: ConnectionLog;
  /** Pokes of a room that come together cost as much as one. */
  readonly #roomPokes = new SharedRuns<number>((room) => this.#pokeNow(room));
  readonly #byUser = new Map<string, Set<PokeTarget>>();
  #size = 0;

  constructor(hub: Hub<Principal>, log: ConnectionLog) {
    this.#hub = hub;
    this.#log = log;
  }

  get size(): number {
    return this.#size;
  }

  /** @param user its principal key */
  countOf(user: string): number {
    return this.#byUser.get(user)?.size ?? 0;
  }

  /** @returns a function that removes the target */
  add(user: string, target: PokeTarget): () => void {
    const targets = this.#byUser.get(user) ?? new Set();
    this.#byUser.set(user, targets);
    targets.add(target);
    this.#size += 1;
    return () => {
      if (!targets.delete(target)) return;
      this.#size -= 1;
      if (targets.size === 0 && this.#byUser.get(user) === targets) this.#byUser.delete(user);
    };
  }

  /** @returns how many connections were poked */
  poke(user: string): number {
    const targets = this.#byUser.get(user);
    for (const target of targets ?? []) target.poke();
    const clients = targets?.size ?? 0;
    this.#log.poking({ user }, clients);
    return clients;
  }

  /** Pokes those in a room whom its rule allows there now. @returns how many connections were poked */
  pokeRoom(room: string): Promise<number> {
    return this.#roomPokes.run(room);
  }

  async #pokeNow(room: string): Promise<number> {
    const clients = await this.#hub.fanOutUnlogged(pokeChange(room, Date.now()), "resync");
    this.#log.poking({ room }, clients);
    return clients;
  }

  /** Runs after the hub has handled the change: subscribes to new collections, and closes connections of revoked users. */
  follow(change: Change, schema: Schema): void {
    const isSchemaChange = change.collection === COLLECTIONS;
    const user = `${change.collection}/${change.record}`;
    const affected = isSchemaChange ? [...this.#byUser.values()] : [this.#byUser.get(user) ?? []];
    for (const target of affected.flatMap((targets) => [...targets])) {
      const { session, rooms } = target;
      if (session.principal.kind === "guest") session.close("failed");
      else {
        if (isSchemaChange) this.#hub.subscribe(session, session.principal, syncSubscriptions(schema, rooms));
        target.poke();
      }
    }
  }
}

/** Subscriptions to every collection that syncs, and to rooms. The hub delivers only the records that the user may see. */
export function syncSubscriptions(schema: Schema, rooms: readonly RoomSubscription[]): readonly Subscription[] {
  let subscriptions = subscriptionsOf.get(schema);
  if (!subscriptions) {
    const synced = schema.collections.filter(({ system, type }) => !system && type !== "view");
    subscriptions = synced.map(({ id }) => parseSubscription(`${id}/*?options=${OPTIONS}`));
    subscriptionsOf.set(schema, subscriptions);
  }
  return rooms.length === 0 ? subscriptions : [...subscriptions, ...rooms];
}

const subscriptionsOf = new WeakMap<Schema, readonly Subscription[]>();
const OPTIONS = encodeURIComponent(JSON.stringify({ query: { transitions: "enter-leave", fields: "id" } }));
