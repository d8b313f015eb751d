import { presenceTarget, type Subscription } from "@headwater/protocol";
import type { Limits } from "../config.ts";
import type { Session } from "../hub/session.ts";
import { Quota } from "../lib/scheduling/quota.ts";
import { type Principal, principalKey } from "../rules/principal.ts";
import type { AddressGroups } from "./address-group.ts";

/** What a connection has in any case: so those that use up what all share don't lock out ordinary clients. */
const FREE_SUBSCRIPTION_BYTES = 4 << 10;
const FREE_ROOMS = 2;

/** What a connection's subscriptions use. */
export interface Usage {
  readonly bytes: number;
  /** Presence subscriptions. */
  readonly rooms: number;
}

export const NO_USAGE: Usage = { bytes: 0, rooms: 0 };

/** Why subscriptions are refused. `limit_presence_rooms` is the connection's own limit, which waiting does not change. */
export interface QuotaRefusal {
  readonly limit: "limit_subscription_bytes" | "limit_presence" | "limit_presence_rooms";
  /** All connections together have reached the limit; otherwise those of this client. */
  readonly isShared: boolean;
  readonly problem: string;
}

/** Limits what all connections subscribe to, and those of one address or one account. */
export class ClientQuotas {
  readonly #limits: Pick<Limits, "presence">;
  readonly #groups: AddressGroups;
  readonly #bytes: Quota<Session<Principal>>;
  readonly #rooms: Quota<Session<Principal>>;

  constructor(limits: Pick<Limits, "subscriptionBytes" | "presence">, groups: AddressGroups) {
    const { subscriptionBytes, presence } = limits;
    this.#limits = limits;
    this.#groups = groups;
    this.#bytes = new Quota({
      total: subscriptionBytes.total,
      perKey: subscriptionBytes.perClient,
      free: FREE_SUBSCRIPTION_BYTES,
    });
    this.#rooms = new Quota({ total: presence.total, perKey: presence.perClient, free: FREE_ROOMS });
  }

  get subscriptionBytes(): number {
    return this.#bytes.total;
  }

  get presence(): number {
    return this.#rooms.total;
  }

  /** Counts what a connection's subscriptions use from now on. @returns why not, if they are refused */
  set(session: Session<Principal>, principal: Principal, usage: Usage): QuotaRefusal | undefined {
    const refused = this.refusal(session, principal, usage);
    if (refused) return refused;
    const keys = this.#keysOf(session, principal);
    this.#rooms.set(session, usage.rooms, keys);
    this.#bytes.set(session, usage.bytes, keys);
    return undefined;
  }

  /** Why `set` would refuse. */
  refusal(session: Session<Principal>, principal: Principal, { bytes, rooms }: Usage): QuotaRefusal | undefined {
    const { perConnection } = this.#limits.presence;
    if (perConnection > 0 && rooms > perConnection) {
      const problem = `A connection may have at most ${perConnection} presence subscriptions.`;
      return { limit: "limit_presence_rooms", isShared: false, problem };
    }
    const keys = this.#keysOf(session, principal);
    const roomLimit = this.#rooms.exceeded(session, rooms, keys);
    if (roomLimit) return refusal("limit_presence", "presence subscriptions", roomLimit);
    const byteLimit = this.#bytes.exceeded(session, bytes, keys);
    return byteLimit && refusal("limit_subscription_bytes", "bytes of subscriptions", byteLimit);
  }

  release(session: Session<Principal>): void {
    this.#rooms.release(session);
    this.#bytes.release(session);
  }

  #keysOf({ address }: Session<Principal>, principal: Principal): string[] {
    const group = this.#groups.of(address);
    const keys = group === undefined ? [] : [group];
    return principal.kind === "guest" ? keys : [...keys, principalKey(principal)];
  }
}

const refusal = (limit: QuotaRefusal["limit"], what: string, reached: "total" | "key"): QuotaRefusal => ({
  limit,
  isShared: reached === "total",
  problem: `${reached === "total" ? "The server" : "The client"} has reached its limit of ${what}.`,
});

const usageOfOne = ({ name, topic }: Subscription): Usage => ({
  bytes: Buffer.byteLength(name),
  rooms: presenceTarget(topic) === undefined ? 0 : 1,
});

/** The same for subscriptions of an event stream that have not been parsed yet. */
export const usageOfNames = (names: readonly string[]): Usage => ({
  bytes: names.reduce((sum, name) => sum + Buffer.byteLength(name), 0),
  rooms: names.filter((name) => presenceTarget(name) !== undefined).length,
});

export const plus = (usage: Usage, subscription: Subscription): Usage => {
  const { bytes, rooms } = usageOfOne(subscription);
  return { bytes: usage.bytes + bytes, rooms: usage.rooms + rooms };
};

export const minus = (usage: Usage, subscription: Subscription | undefined): Usage => {
  if (!subscription) return usage;
  const { bytes, rooms } = usageOfOne(subscription);
  return { bytes: usage.bytes - bytes, rooms: usage.rooms - rooms };
};

export const usageOf = (subscriptions: readonly Subscription[]): Usage => subscriptions.reduce(plus, NO_USAGE);
