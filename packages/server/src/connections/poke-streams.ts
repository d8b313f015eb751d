import type { Subscription } from "@headwater/protocol";
import { parseSubscription } from "@headwater/protocol";
import { COLLECTIONS } from "../collections/model/change-of-collection.ts";
import type { Schema } from "../collections/model/schema.ts";
import type { Hub } from "../hub/hub.ts";
import type { Session } from "../hub/session.ts";
import type { Change } from "../log/change.ts";
import type { Principal } from "../rules/principal.ts";

/** A stream on which a client is told when to pull. */
export interface SyncStream {
  readonly session: Session<Principal>;
  poke(): void;
}

/**
 * The streams of all who sync, by user. What the hub would tell a user, of any record that it may see or may see no more,
 * pokes it; here are the other reasons.
 */
export class SyncStreams {
  readonly #byUser = new Map<string, Set<SyncStream>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  countOf(user: string): number {
    return this.#byUser.get(user)?.size ?? 0;
  }

  /** @returns a function that removes it */
  add(user: string, stream: SyncStream): () => void {
    const streams = this.#byUser.get(user) ?? new Set();
    this.#byUser.set(user, streams);
    streams.add(stream);
    this.#size += 1;
    return () => {
      if (!streams.delete(stream)) return;
      this.#size -= 1;
      if (streams.size === 0 && this.#byUser.get(user) === streams) this.#byUser.delete(user);
    };
  }

  /** @returns how many streams that were */
  poke(user: string): number {
    const streams = this.#byUser.get(user);
    for (const stream of streams ?? []) stream.poke();
    return streams?.size ?? 0;
  }

  /** Follows the log, behind the hub: other collections are listened to, and revoked users are let go. */
  follow(change: Change, schema: Schema, hub: Hub<Principal>): void {
    const isOfCollections = change.collection === COLLECTIONS;
    const user = `${change.collection}/${change.record}`;
    const concerned = isOfCollections ? [...this.#byUser.values()] : [this.#byUser.get(user) ?? []];
    for (const stream of [...concerned].flatMap((streams) => [...streams])) {
      const { session } = stream;
      if (session.principal.kind === "guest") session.close("failed");
      else {
        if (isOfCollections) hub.subscribe(session, session.principal, subscriptionsTo(schema));
        stream.poke();
      }
    }
  }
}

/** All that anyone may list: the hub knows who may see what of it. */
export const subscriptionsTo = (schema: Schema): readonly Subscription[] => {
  let known = subscriptions.get(schema);
  if (!known) {
    const synced = schema.collections.filter(({ system, type }) => !system && type !== "view");
    subscriptions.set(schema, (known = synced.map(({ id }) => parseSubscription(`${id}/*?options=${OPTIONS}`))));
  }
  return known;
};

const subscriptions = new WeakMap<Schema, readonly Subscription[]>();
const OPTIONS = encodeURIComponent(JSON.stringify({ query: { transitions: "enter-leave", fields: "id" } }));
