import type { PresenceEvent, PresenceMember } from "@headwater/protocol";

/** One connection's seat in a room. */
export interface Seat {
  /** Whose it is: seats with the same key are one member. */
  readonly key: string;
  readonly auth: PresenceMember["auth"];
  readonly state: unknown;
}

interface Held {
  readonly seats: Set<Seat>;
  member: PresenceMember;
}

/**
 * Who is in a room. Whatever comes and goes between two takings is told as what came of it: who left and is back, or
 * came and is gone, is not told of at all.
 */
export class Room {
  readonly #idOf: (key: string) => string;
  readonly #held = new Map<string, Held>();
  /** Everyone as it was told last. */
  readonly #told = new Map<string, PresenceMember>();
  readonly #touched = new Set<string>();

  /** @param idOf what a member is called to others, by its key */
  constructor(idOf: (key: string) => string) {
    this.#idOf = idOf;
  }

  get count(): number {
    return this.#held.size;
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /** Something has come or gone since the last taking. */
  get isTouched(): boolean {
    return this.#touched.size > 0;
  }

  /** Everyone as it was told last. */
  get members(): readonly PresenceMember[] {
    return [...this.#told.values()];
  }

  enter(seat: Seat, now: Date): void {
    const { key, auth, state } = seat;
    const held = this.#held.get(key);
    const since = held?.member.since ?? now.toISOString();
    const member = { id: held?.member.id ?? this.#idOf(key), auth, state, since };
    if (held) {
      held.seats.add(seat);
      held.member = member;
    } else this.#held.set(key, { seats: new Set([seat]), member });
    this.#touched.add(key);
  }

  leave(seat: Seat): void {
    const held = this.#held.get(seat.key);
    if (!held?.seats.delete(seat)) return;
    if (held.seats.size === 0) this.#held.delete(seat.key);
    else {
      // The others of the same member speak for it now, the newest first.
      const { auth, state } = [...held.seats].at(-1)!;
      held.member = { ...held.member, auth, state };
    }
    this.#touched.add(seat.key);
  }

  /** What has changed since the last taking. */
  take(): readonly PresenceEvent[] {
    const changes: (readonly ["join" | "update" | "leave", PresenceMember])[] = [];
    for (const key of this.#touched) {
      const [was, is] = [this.#told.get(key), this.#held.get(key)?.member];
      if (is) this.#told.set(key, is);
      else this.#told.delete(key);
      if (!was && is) changes.push(["join", is]);
      else if (was && !is) changes.push(["leave", was]);
      else if (was && is && !isSame(was, is)) changes.push(["update", is]);
    }
    this.#touched.clear();
    return changes.map(([presence, member]) => ({ presence, count: this.count, member }));
  }
}

const isSame = (one: PresenceMember, other: PresenceMember): boolean =>
  JSON.stringify([one.auth, one.state]) === JSON.stringify([other.auth, other.state]);
