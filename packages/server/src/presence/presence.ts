import type { PresenceEvent, PresenceMember, PresenceWish, Subscription } from "@headwater/protocol";
import { FrameSet } from "../hub/frame.ts";
import type { Session } from "../hub/session.ts";
import { Room, type Seat } from "./room.ts";

export interface PresenceOptions<Principal> {
  /** Equal for connections of the same account; `undefined` for guests. */
  readonly accountOf: (principal: Principal) => string | undefined;
  readonly authOf: (principal: Principal) => PresenceMember["auth"];
  /** The room that a subscription is about; `undefined` for one that has none. */
  readonly roomOf: (subscription: Subscription) => string | undefined;
  /** May the principal hear of the room, as things stand now? */
  readonly mayListen: (subscription: Subscription, principal: Principal) => Promise<boolean>;
  /** How long a connection that vanished keeps its seat: who comes back sooner was never away. */
  readonly graceMs: number;
  readonly onError: (error: unknown) => void;
}

/** A session's seat, and how it is told of the room. */
interface Taken<Principal> extends Seat {
  readonly session: Session<Principal>;
  readonly subscription: Subscription;
  readonly wish: PresenceWish;
  /** It was told who is here. */
  greeted: boolean;
}

interface Open<Principal> {
  readonly name: string;
  readonly room: Room;
  readonly seats: Map<Session<Principal>, Taken<Principal>>;
  /** It was told in counts last. */
  isLarge: boolean;
  timer: Timer | undefined;
}

/** Members that a room has before it is told in counts alone. */
const NAMED = 100;
/** What happens in so many milliseconds is told together; the count of a large room, once a second. */
const PAUSE_MS = 20;
const LARGE_PAUSE_MS = 1_000;

/** Who is here with whom: sessions that want to be seen in the rooms that they listen to. It is of this process alone. */
export class Presence<Principal> {
  readonly #options: PresenceOptions<Principal>;
  readonly #rooms = new Map<string, Open<Principal>>();
  readonly #places = new Map<Session<Principal>, Map<string, Taken<Principal>>>();
  readonly #graces = new Set<Timer>();
  #revisions = 0;
  readonly #salt = crypto.randomUUID();

  constructor(options: PresenceOptions<Principal>) {
    this.#options = options;
  }

  /**
   * Says where a session is present, in place of all that it said before.
   *
   * @param wishes by the subscriptions that it has; those without a room are passed over
   */
  place(session: Session<Principal>, wishes: Iterable<readonly [Subscription, PresenceWish]>): void {
    const before = this.#places.get(session);
    const now = new Map<string, Taken<Principal>>();
    for (const [subscription, wish] of wishes) {
      const room = this.#options.roomOf(subscription);
      if (room === undefined || session.closed) continue;
      const seat = this.#seat(session, subscription, wish);
      now.set(room, { ...seat, greeted: before?.get(room)?.greeted ?? false });
    }
    for (const [name, seat] of now) this.#enter(name, seat, before?.get(name));
    for (const [name, seat] of before ?? []) if (!now.has(name)) this.#leave(name, seat);
    if (now.size > 0) this.#places.set(session, now);
    else this.#places.delete(session);
  }

  /** Where the session is present, and what it says of itself there. */
  wishesOf(session: Session<Principal>): readonly (readonly [Subscription, PresenceWish])[] {
    return [...(this.#places.get(session)?.values() ?? [])].map(({ subscription, wish }) => [subscription, wish]);
  }

  /**
   * Principals have changed, or what they may: they are seen as who they are now, where they may still be.
   *
   * @param revisions how often that has happened so far
   */
  revise(revisions: number): void {
    if (this.#revisions === revisions) return;
    this.#revisions = revisions;
    for (const [session, places] of this.#places) {
      for (const [name, seat] of places) {
        const revised = { ...this.#seat(session, seat.subscription, seat.wish), greeted: seat.greeted };
        if (seat.key !== revised.key) {
          places.set(name, revised);
          this.#enter(name, revised, seat);
        }
      }
    }
    for (const open of this.#rooms.values()) this.#touch(open);
  }

  /** The connection is gone. Its seats are kept for a while. */
  left(session: Session<Principal>): void {
    const places = this.#places.get(session);
    if (!places) return;
    this.#places.delete(session);
    for (const [name, seat] of places) {
      this.#rooms.get(name)?.seats.delete(session);
      this.#later(name, seat);
    }
  }

  /** Who is in a room, as it was told last. */
  membersOf(room: string): readonly PresenceMember[] {
    return this.#rooms.get(room)?.room.members ?? [];
  }

  /** Forgets the timers: nobody is told any more. */
  stop(): void {
    for (const timer of this.#graces) clearTimeout(timer);
    for (const { timer } of this.#rooms.values()) clearTimeout(timer);
    this.#graces.clear();
    this.#rooms.clear();
  }

  #seat(session: Session<Principal>, subscription: Subscription, wish: PresenceWish): Taken<Principal> {
    const { key, state = null } = wish;
    const { accountOf, authOf } = this.#options;
    const { principal, id } = session;
    const account = accountOf(principal);
    const own = account === undefined ? `guest/${key ?? `connection/${id}`}` : `${account}/${key ?? ""}`;
    return { key: own, auth: authOf(principal), state, session, subscription, wish, greeted: false };
  }

  #enter(name: string, seat: Taken<Principal>, before: Taken<Principal> | undefined): void {
    const open = this.#open(name);
    // In this order: who only says something new of itself was never away.
    open.room.enter(seat, new Date());
    if (before) open.room.leave(before);
    open.seats.set(seat.session, seat);
    this.#touch(open);
  }

  #leave(name: string, seat: Taken<Principal>): void {
    const open = this.#rooms.get(name);
    if (!open) return;
    open.room.leave(seat);
    if (open.seats.get(seat.session) === seat) open.seats.delete(seat.session);
    this.#touch(open);
  }

  #later(name: string, seat: Taken<Principal>): void {
    const timer = setTimeout(() => {
      this.#graces.delete(timer);
      this.#leave(name, seat);
    }, this.#options.graceMs);
    this.#graces.add(timer);
  }

  #open(name: string): Open<Principal> {
    let open = this.#rooms.get(name);
    if (!open) {
      const room = new Room((key) => Bun.hash(`${this.#salt}/${name}/${key}`).toString(36));
      this.#rooms.set(name, (open = { name, room, seats: new Map(), isLarge: false, timer: undefined }));
    }
    return open;
  }

  #touch(open: Open<Principal>): void {
    if (open.room.isEmpty) {
      clearTimeout(open.timer);
      if (this.#rooms.get(open.name) === open) this.#rooms.delete(open.name);
    } else {
      open.timer ??= setTimeout(() => void this.#tell(open), open.room.count > NAMED ? LARGE_PAUSE_MS : PAUSE_MS);
    }
  }

  /** Tells a room what has changed in it, and newcomers who is there. */
  async #tell(open: Open<Principal>): Promise<void> {
    try {
      await this.#dismiss(open);
      const changes = open.room.take();
      const { count, members } = open.room;
      const isLarge = count > NAMED;
      const counted: PresenceEvent = { presence: "count", count };
      const news = (isLarge ? [counted] : changes).map((event) => this.#frames(open, event));
      const greeting = this.#frames(open, isLarge ? counted : { presence: "members", count, members });
      // Who heard counts does not know the names.
      const isNamedAnew = open.isLarge && !isLarge;
      open.isLarge = isLarge;
      for (const seat of open.seats.values()) {
        const { session, subscription } = seat;
        const told = seat.greeted && !isNamedAnew ? (changes.length > 0 ? news : []) : [greeting];
        seat.greeted = true;
        session.send(told.map((frames) => frames.frame(session.codec, [subscription.label], true)));
      }
    } catch (error) {
      this.#options.onError(error);
    }
    open.timer = undefined;
    if (open.room.isTouched) this.#touch(open);
  }

  /** Those who may not listen any more are neither told nor seen. */
  async #dismiss(open: Open<Principal>): Promise<void> {
    const asked = new Map<string, Promise<boolean>>();
    const seats = [...open.seats.values()];
    const may = await Promise.all(
      seats.map(({ session, subscription }) => {
        const { principal } = session;
        const who = `${subscription.name}\n${this.#options.accountOf(principal) ?? ""}`;
        let answer = asked.get(who);
        if (!answer) asked.set(who, (answer = this.#options.mayListen(subscription, principal)));
        return answer;
      }),
    );
    for (const [i, seat] of seats.entries()) {
      if (may[i]) continue;
      open.room.leave(seat);
      if (open.seats.get(seat.session) === seat) open.seats.delete(seat.session);
      this.#places.get(seat.session)?.delete(open.name);
    }
  }

  #frames({ name }: Open<Principal>, event: PresenceEvent): FrameSet {
    const source = name.slice(0, name.search(/\/|$/));
    return new FrameSet({ kind: "presence", source, time: Date.now(), data: JSON.stringify(event) }, undefined);
  }
}
