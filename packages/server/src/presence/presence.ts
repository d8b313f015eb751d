import { type PresenceEvent, type PresenceMember, presenceWishOf, type Subscription } from "@headwater/protocol";
import { FrameSet } from "../hub/frame.ts";
import type { Session } from "../hub/session.ts";
import { Room, type Seat } from "./room.ts";

export interface PresenceOptions<Principal> {
  /** Equal for connections of the same account; `undefined` for guests. */
  readonly accountOf: (principal: Principal) => string | undefined;
  readonly authOf: (principal: Principal) => PresenceMember["auth"];
  /** The room whose presence a subscription is about; `undefined` for all other subscriptions. */
  readonly roomOf: (subscription: Subscription) => string | undefined;
  /** May the principal hear of the room, as things stand now? */
  readonly mayListen: (subscription: Subscription, principal: Principal) => Promise<boolean>;
  /** How long a connection that vanished keeps its seat: who comes back sooner was never away. */
  readonly graceMs: number;
  readonly onError: (error: unknown) => void;
}

/** One subscription of a session to a room. */
interface Attendance<Principal> {
  readonly session: Session<Principal>;
  readonly subscription: Subscription;
  readonly room: string;
  readonly account: string | undefined;
  /** `undefined` for one that looks on and is not seen. */
  readonly seat: Seat | undefined;
  /** `dismissed`: it may not listen; it is asked about again when it asks again, or when what it may has changed. */
  standing: "new" | "greeted" | "dismissed";
}

interface Open<Principal> {
  readonly name: string;
  readonly room: Room;
  readonly attendances: Set<Attendance<Principal>>;
  /** It was told in counts last. */
  isLarge: boolean;
  timer: Timer | undefined;
}

/** Members that a room has before it is told in counts alone. */
const NAMED = 100;
/** What happens in so many milliseconds is told together; the count of a large room, once a second. */
const PAUSE_MS = 20;
const LARGE_PAUSE_MS = 1_000;

/** Who is here with whom: sessions that subscribe to the presence in a room. It is of this process alone. */
export class Presence<Principal> {
  readonly #options: PresenceOptions<Principal>;
  readonly #rooms = new Map<string, Open<Principal>>();
  /** By the names of the subscriptions. */
  readonly #attending = new Map<Session<Principal>, ReadonlyMap<string, Attendance<Principal>>>();
  readonly #graces = new Set<Timer>();
  #revisions = 0;
  #isStopped = false;
  readonly #salt = crypto.randomUUID();

  constructor(options: PresenceOptions<Principal>) {
    this.#options = options;
  }

  /** Sees what a session listens to now, and as whom. */
  attend(session: Session<Principal>): void {
    if (this.#isStopped) return;
    const before = this.#attending.get(session);
    const now = new Map<string, Attendance<Principal>>();
    for (const subscription of session.subscriptions) {
      const room = this.#options.roomOf(subscription);
      if (room === undefined) continue;
      const known = before?.get(subscription.name);
      const isSame = known?.room === room && known.account === this.#options.accountOf(session.principal);
      const goesOn = isSame && known.standing !== "dismissed";
      now.set(subscription.name, goesOn ? known : this.#attendance(session, subscription, room));
    }
    if (!before && now.size === 0) return;
    if (now.size > 0) this.#attending.set(session, now);
    else this.#attending.delete(session);
    const left = new Set(before?.values());
    // In this order: who only says something new of itself was never away.
    for (const attendance of now.values()) if (!left.delete(attendance)) this.#enter(attendance);
    for (const attendance of left) this.#leave(attendance);
  }

  /** The connection is gone. Its seats are kept for a while. */
  left(session: Session<Principal>): void {
    const attending = this.#attending.get(session);
    this.#attending.delete(session);
    if (!attending || this.#isStopped) return;
    for (const attendance of attending.values()) this.#rooms.get(attendance.room)?.attendances.delete(attendance);
    const timer = setTimeout(() => {
      this.#graces.delete(timer);
      for (const attendance of attending.values()) this.#leave(attendance);
    }, this.#options.graceMs);
    this.#graces.add(timer);
  }

  /**
   * Principals have changed, or what they may: they are seen as who they are now, where they may still be.
   *
   * @param revisions how often that has happened so far
   */
  revise(revisions: number): void {
    if (this.#revisions === revisions) return;
    this.#revisions = revisions;
    for (const session of this.#attending.keys()) this.attend(session);
    for (const open of this.#rooms.values()) this.#touch(open);
  }

  /** Who is in a room, as it was told last. */
  membersOf(room: string): readonly PresenceMember[] {
    return this.#rooms.get(room)?.room.members ?? [];
  }

  /** Forgets the timers: nobody is told any more. */
  stop(): void {
    this.#isStopped = true;
    for (const timer of this.#graces) clearTimeout(timer);
    for (const { timer } of this.#rooms.values()) clearTimeout(timer);
    this.#graces.clear();
    this.#rooms.clear();
  }

  #attendance(session: Session<Principal>, subscription: Subscription, room: string): Attendance<Principal> {
    const { accountOf, authOf } = this.#options;
    const { principal, id } = session;
    const account = accountOf(principal);
    const wish = presenceWishOf(subscription);
    const own = wish?.key ?? (account === undefined ? `connection/${id}` : "");
    const key = `${account ?? "guest"}/${own}`;
    const seat = wish && { key, auth: authOf(principal), state: wish.state ?? null };
    return { session, subscription, room, account, seat, standing: "new" };
  }

  #enter(attendance: Attendance<Principal>): void {
    const { room: name, seat } = attendance;
    let open = this.#rooms.get(name);
    if (!open) {
      const room = new Room((key) => Bun.hash(`${this.#salt}/${name}/${key}`).toString(36));
      this.#rooms.set(name, (open = { name, room, attendances: new Set(), isLarge: false, timer: undefined }));
    }
    open.attendances.add(attendance);
    if (seat) open.room.enter(seat, new Date());
    this.#touch(open);
  }

  #leave(attendance: Attendance<Principal>): void {
    const open = this.#rooms.get(attendance.room);
    if (!open) return;
    open.attendances.delete(attendance);
    if (attendance.seat) open.room.leave(attendance.seat);
    this.#touch(open);
  }

  #touch(open: Open<Principal>): void {
    if (this.#isStopped) return;
    if (!open.room.isEmpty || open.attendances.size > 0) {
      open.timer ??= setTimeout(() => void this.#tell(open), open.room.count > NAMED ? LARGE_PAUSE_MS : PAUSE_MS);
      return;
    }
    clearTimeout(open.timer);
    if (this.#rooms.get(open.name) === open) this.#rooms.delete(open.name);
  }

  /** Tells a room what has changed in it, and newcomers who is there. */
  async #tell(open: Open<Principal>): Promise<void> {
    try {
      // Who comes, or may be another, while some are asked about is asked about, too, before anything is told.
      const asked = new Map<Attendance<Principal>, number>();
      const unasked = () => [...open.attendances].filter((one) => asked.get(one) !== this.#revisions);
      for (let some = unasked(); some.length > 0; some = unasked()) {
        for (const one of some) asked.set(one, this.#revisions);
        await this.#dismiss(open, some);
      }
      this.#tellNow(open);
    } catch (error) {
      this.#options.onError(error);
    }
    open.timer = undefined;
    if (open.room.isTouched || [...open.attendances].some(({ standing }) => standing === "new")) this.#touch(open);
  }

  #tellNow(open: Open<Principal>): void {
    const changes = open.room.take();
    const { count, members } = open.room;
    const isLarge = count > NAMED;
    // Who heard counts does not know the names.
    const isNamedAnew = open.isLarge && !isLarge;
    open.isLarge = isLarge;
    const counted: PresenceEvent = { presence: "count", count };
    const news = (isLarge && changes.length > 0 ? [counted] : changes).map((event) => framesOf(open.name, event));
    const greeting = [framesOf(open.name, isLarge ? counted : { presence: "members", count, members })];
    for (const attendance of open.attendances) {
      const { session, subscription, standing } = attendance;
      const told = standing === "greeted" && !isNamedAnew ? news : greeting;
      attendance.standing = "greeted";
      session.send(told.map((frames) => frames.frame(session.codec, [subscription.label], true)));
    }
  }

  /** One about whom nothing can be found out must cost the others nothing. */
  async #mayListen(subscription: Subscription, principal: Principal): Promise<boolean> {
    try {
      return await this.#options.mayListen(subscription, principal);
    } catch (error) {
      this.#options.onError(error);
      return false;
    }
  }

  /** Those of them who may not listen any more are neither told nor seen. */
  async #dismiss(open: Open<Principal>, attendances: readonly Attendance<Principal>[]): Promise<void> {
    const asked = new Map<string, Promise<boolean>>();
    const may = await Promise.all(
      attendances.map(({ session, subscription, account }) => {
        const who = JSON.stringify([account, subscription.options]);
        let answer = asked.get(who);
        if (!answer) asked.set(who, (answer = this.#mayListen(subscription, session.principal)));
        return answer;
      }),
    );
    for (const [i, attendance] of attendances.entries()) {
      if (may[i]) continue;
      attendance.standing = "dismissed";
      open.attendances.delete(attendance);
      if (attendance.seat) open.room.leave(attendance.seat);
    }
  }
}

function framesOf(room: string, event: PresenceEvent): FrameSet {
  const source = room.slice(0, room.search(/\/|$/));
  return new FrameSet({ kind: "presence", source, time: Date.now(), data: JSON.stringify(event) }, undefined);
}
