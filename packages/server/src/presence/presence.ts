import { type PresenceEvent, type PresenceMember, presenceOptionOf, type Subscription } from "@headwater/protocol";
import type { Session } from "../hub/session.ts";
import { TurnShare } from "../lib/scheduling/turn-share.ts";
import { AccountViews, type MemberAccount, type SeesAccount, type ViewerOf } from "./account-views.ts";
import { Publication } from "./publication.ts";
import { type MemberConnection, Room } from "./room.ts";

export interface PresenceOptions<Principal> {
  /** Equal for connections of the same account; `undefined` for guests. */
  readonly accountOf: (principal: Principal) => string | undefined;
  readonly authOf: (principal: Principal) => PresenceMember["auth"];
  /** The room that a presence subscription is about; `undefined` for all other subscriptions. */
  readonly roomOf: (subscription: Subscription) => string | undefined;
  /** Whether the principal may follow the room now. */
  readonly mayListen: (subscription: Subscription, principal: Principal) => Promise<boolean>;
  /** Reads an account, for who may see it among the members of a room. */
  readonly viewOf: (account: MemberAccount) => Promise<SeesAccount<Principal>>;
  /** How long a member stays in its rooms after its connection is lost: one that reconnects sooner was never away. */
  readonly graceMs: number;
  readonly onError: (error: unknown) => void;
}

/** One subscription of a session to a room. */
interface RoomSubscription<Principal> {
  readonly session: Session<Principal>;
  readonly subscription: Subscription;
  readonly room: string;
  readonly account: string | undefined;
  /** `undefined` for a subscriber who only watches and is not a member. */
  readonly connection: MemberConnection | undefined;
  /**
   * `new`: it has not been sent the members yet. `removed`: it may not listen; it is checked again when its client
   * subscribes again or its rights change.
   */
  state: "new" | "following" | "removed";
}

interface OpenRoom<Principal> {
  readonly name: string;
  readonly room: Room;
  readonly subscribers: Set<RoomSubscription<Principal>>;
  /** The last event was a count without names. */
  isLarge: boolean;
  timer: Timer | undefined;
}

/** Rooms with more members are published as a count without names. */
const MAX_NAMED_MEMBERS = 100;
/** How long it may take in one turn of the event loop to find out who sees whom, in milliseconds. */
const MAX_TURN_MS = 4;
/** Changes within this time are published together. */
const PUBLISH_DELAY_MS = 20;
/** The same, for the count of a large room. */
const COUNT_DELAY_MS = 1_000;

/** Who is in which room: the sessions of this process that subscribe to the room's presence. */
export class Presence<Principal> {
  readonly #options: PresenceOptions<Principal>;
  readonly #rooms = new Map<string, OpenRoom<Principal>>();
  /** By session, then by the subscription's name. */
  readonly #bySession = new Map<Session<Principal>, ReadonlyMap<string, RoomSubscription<Principal>>>();
  readonly #graceTimers = new Set<Timer>();
  #authRevision = 0;
  #isStopped = false;
  readonly #salt = crypto.randomUUID();
  readonly #turns = new TurnShare(MAX_TURN_MS);

  constructor(options: PresenceOptions<Principal>) {
    this.#options = options;
  }

  /** Call when a session's subscriptions or principal have changed. */
  sessionChanged(session: Session<Principal>): void {
    if (this.#isStopped) return;
    const before = this.#bySession.get(session);
    const now = new Map<string, RoomSubscription<Principal>>();
    for (const subscription of session.subscriptions) {
      const room = this.#options.roomOf(subscription);
      if (room === undefined) continue;
      const known = before?.get(subscription.name);
      const isSame = known?.room === room && known.account === this.#options.accountOf(session.principal);
      const isKept = isSame && known.state !== "removed";
      now.set(subscription.name, isKept ? known : this.#createSubscription(session, subscription, room));
    }
    if (!before && now.size === 0) return;
    if (now.size > 0) this.#bySession.set(session, now);
    else this.#bySession.delete(session);
    const ended = new Set(before?.values());
    // In this order: a member who only changes its state must not leave and join.
    for (const subscriber of now.values()) if (!ended.delete(subscriber)) this.#enter(subscriber);
    for (const subscriber of ended) this.#leave(subscriber);
  }

  /** The session gets no more events. Its members leave when the grace period is over. */
  sessionClosed(session: Session<Principal>): void {
    const subscribers = this.#bySession.get(session);
    this.#bySession.delete(session);
    if (!subscribers || this.#isStopped) return;
    for (const subscriber of subscribers.values()) this.#rooms.get(subscriber.room)?.subscribers.delete(subscriber);
    const timer = setTimeout(() => {
      this.#graceTimers.delete(timer);
      for (const subscriber of subscribers.values()) this.#leave(subscriber);
    }, this.#options.graceMs);
    this.#graceTimers.add(timer);
  }

  /**
   * Checks every subscription again if principals or their rights have changed.
   *
   * @param authRevision how often they have changed so far
   */
  revalidate(authRevision: number): void {
    if (this.#authRevision === authRevision) return;
    this.#authRevision = authRevision;
    for (const session of this.#bySession.keys()) this.sessionChanged(session);
    for (const open of this.#rooms.values()) this.#schedulePublish(open);
  }

  /** The members of a room, as they were last published. */
  membersOf(room: string): readonly PresenceMember[] {
    return this.#rooms.get(room)?.room.members ?? [];
  }

  /** Nothing is published after this. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#graceTimers) clearTimeout(timer);
    for (const { timer } of this.#rooms.values()) clearTimeout(timer);
    this.#graceTimers.clear();
    this.#rooms.clear();
  }

  #createSubscription(
    session: Session<Principal>,
    subscription: Subscription,
    room: string,
  ): RoomSubscription<Principal> {
    const { accountOf, authOf } = this.#options;
    const { principal, id } = session;
    const account = accountOf(principal);
    const option = presenceOptionOf(subscription);
    // Guests can't prove that a key is theirs: with a shared one, each could take the other's place.
    const ownKey = account === undefined ? `connection/${id}` : (option?.key ?? "");
    const memberKey = `${account ?? "guest"}/${ownKey}`;
    const connection = option && { memberKey, auth: authOf(principal), state: option.state ?? null };
    return { session, subscription, room, account, connection, state: "new" };
  }

  #enter(subscriber: RoomSubscription<Principal>): void {
    const { room: name, connection } = subscriber;
    let open = this.#rooms.get(name);
    if (!open) {
      const room = new Room((memberKey) => Bun.hash(`${this.#salt}/${name}/${memberKey}`).toString(36));
      this.#rooms.set(name, (open = { name, room, subscribers: new Set(), isLarge: false, timer: undefined }));
    }
    open.subscribers.add(subscriber);
    if (connection) open.room.enter(connection, new Date());
    this.#schedulePublish(open);
  }

  #leave(subscriber: RoomSubscription<Principal>): void {
    const open = this.#rooms.get(subscriber.room);
    if (!open) return;
    open.subscribers.delete(subscriber);
    if (subscriber.connection) open.room.leave(subscriber.connection);
    this.#schedulePublish(open);
  }

  #schedulePublish(open: OpenRoom<Principal>): void {
    if (this.#isStopped) return;
    if (!open.room.isEmpty || open.subscribers.size > 0) {
      const delay = open.room.count > MAX_NAMED_MEMBERS ? COUNT_DELAY_MS : PUBLISH_DELAY_MS;
      open.timer ??= setTimeout(() => void this.#publish(open), delay);
      return;
    }
    clearTimeout(open.timer);
    if (this.#rooms.get(open.name) === open) this.#rooms.delete(open.name);
  }

  /** Sends a room's changes to its subscribers, and the members to new ones. */
  async #publish(open: OpenRoom<Principal>): Promise<void> {
    try {
      // Subscribers who arrive, or whose rights may change, during the checks are checked too before anything is sent.
      const checkedAt = new Map<RoomSubscription<Principal>, number>();
      const unchecked = () => [...open.subscribers].filter((one) => checkedAt.get(one) !== this.#authRevision);
      const views = new AccountViews(this.#options, this.#turns);
      let isReady = false;
      while (!isReady) {
        for (let some = unchecked(); some.length > 0; some = unchecked()) {
          for (const one of some) checkedAt.set(one, this.#authRevision);
          await this.#removeUnauthorized(open, some);
        }
        const unknown = this.#viewers(open).filter((pair) => !views.isKnown(pair));
        isReady = unknown.length === 0;
        if (!isReady) await views.find(unknown);
      }
      this.#sendEvents(open, views);
    } catch (error) {
      this.#options.onError(error);
    }
    open.timer = undefined;
    const hasNew = [...open.subscribers].some(({ state }) => state === "new");
    if (open.room.hasChanges || hasNew) this.#schedulePublish(open);
  }

  /** Which subscribers are about to be shown which members. */
  #viewers(open: OpenRoom<Principal>): ViewerOf<Principal>[] {
    const { room, subscribers, isLarge } = open;
    if (room.count > MAX_NAMED_MEMBERS) return [];
    const { accounts, changedAccounts } = room;
    const pairs = new Map<string, ViewerOf<Principal>>();
    for (const { session, account: viewerKey = "", state } of subscribers) {
      const isUpdate = state === "following" && !isLarge;
      for (const account of isUpdate ? changedAccounts : accounts) {
        const key = `${viewerKey}\n${account.collection}/${account.id}`;
        pairs.set(key, { viewer: session.principal, viewerKey, account });
      }
    }
    return [...pairs.values()];
  }

  #sendEvents(open: OpenRoom<Principal>, views: AccountViews<Principal>): void {
    const changes = open.room.takeEvents();
    const { count, members } = open.room;
    const isLarge = count > MAX_NAMED_MEMBERS;
    // Subscribers that were sent counts do not know the names.
    const needsNames = open.isLarge && !isLarge;
    open.isLarge = isLarge;
    const countEvent: PresenceEvent = { presence: "count", count };
    const sees = (viewerKey: string, account: MemberAccount): boolean => views.sees(viewerKey, account);
    const updates = new Publication(open.name, isLarge && changes.length > 0 ? [countEvent] : changes, sees);
    const snapshot = new Publication(open.name, [isLarge ? countEvent : { presence: "members", count, members }], sees);
    for (const subscriber of open.subscribers) {
      const { session, subscription, account = "", state } = subscriber;
      const events = (state === "following" && !needsNames ? updates : snapshot).framesFor(account);
      subscriber.state = "following";
      session.send(events.map((frames) => frames.frame(session.codec, [subscription.label], undefined)));
    }
  }

  /** A subscriber whose right can't be checked counts as unauthorized, at no cost to the others. */
  async #mayListen(subscription: Subscription, principal: Principal): Promise<boolean> {
    try {
      return await this.#options.mayListen(subscription, principal);
    } catch (error) {
      this.#options.onError(error);
      return false;
    }
  }

  /** Removes members who may not listen any more: they get no events and are no members. */
  async #removeUnauthorized(
    open: OpenRoom<Principal>,
    subscribers: readonly RoomSubscription<Principal>[],
  ): Promise<void> {
    const checks = new Map<string, Promise<boolean>>();
    const allowed = await Promise.all(
      subscribers.map(({ session, subscription, account }) => {
        const key = JSON.stringify([account, subscription.options]);
        let check = checks.get(key);
        if (!check) checks.set(key, (check = this.#mayListen(subscription, session.principal)));
        return check;
      }),
    );
    for (const [i, subscriber] of subscribers.entries()) {
      if (allowed[i]) continue;
      subscriber.state = "removed";
      open.subscribers.delete(subscriber);
      if (subscriber.connection) open.room.leave(subscriber.connection);
    }
  }
}
