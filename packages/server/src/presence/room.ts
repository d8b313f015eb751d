import type { PresenceEvent, PresenceMember } from "@headwater/protocol";

/** One connection of a member of a room. */
export interface MemberConnection {
  /** Connections with the same key are one member. */
  readonly memberKey: string;
  readonly auth: PresenceMember["auth"];
  readonly state: unknown;
}

/** A member and its connections, the oldest first. */
interface PresentMember {
  readonly connections: Set<MemberConnection>;
  member: PresenceMember;
}

/**
 * Who is in a room. Changes between two calls of `takeEvents` are merged: a member who left and is back, or who joined and
 * is gone, causes no event at all.
 */
export class Room {
  readonly #idOf: (memberKey: string) => string;
  readonly #present = new Map<string, PresentMember>();
  /** The members as they were last published. */
  readonly #published = new Map<string, PresenceMember>();
  readonly #changedKeys = new Set<string>();

  /** @param idOf the public id of a member */
  constructor(idOf: (memberKey: string) => string) {
    this.#idOf = idOf;
  }

  get count(): number {
    return this.#present.size;
  }

  get isEmpty(): boolean {
    return this.#present.size === 0;
  }

  /** Whether anyone came, changed or left since events were last taken. */
  get hasChanges(): boolean {
    return this.#changedKeys.size > 0;
  }

  /** The members as they were last published. */
  get members(): readonly PresenceMember[] {
    return [...this.#published.values()];
  }

  /** The accounts of all members. */
  get accounts(): readonly NonNullable<PresenceMember["auth"]>[] {
    return [...this.#present.values()].flatMap(({ member }) => member.auth ?? []);
  }

  /** The accounts that the next events are about. */
  get changedAccounts(): readonly NonNullable<PresenceMember["auth"]>[] {
    return [...this.#changedKeys].flatMap((key) => {
      const members = [this.#published.get(key), this.#present.get(key)?.member];
      return members.flatMap((member) => member?.auth ?? []);
    });
  }

  enter(connection: MemberConnection, now: Date): void {
    const { memberKey, auth, state } = connection;
    const present = this.#present.get(memberKey);
    const since = present?.member.since ?? now.toISOString();
    const member = { id: present?.member.id ?? this.#idOf(memberKey), auth, state, since };
    if (present) {
      present.connections.add(connection);
      present.member = member;
    } else this.#present.set(memberKey, { connections: new Set([connection]), member });
    this.#changedKeys.add(memberKey);
  }

  leave(connection: MemberConnection): void {
    const { memberKey } = connection;
    const present = this.#present.get(memberKey);
    if (!present?.connections.delete(connection)) return;
    if (present.connections.size === 0) this.#present.delete(memberKey);
    else {
      // The newest of the member's other connections now gives its state.
      const { auth, state } = [...present.connections].at(-1)!;
      present.member = { ...present.member, auth, state };
    }
    this.#changedKeys.add(memberKey);
  }

  /** What changed since the last call. */
  takeEvents(): readonly PresenceEvent[] {
    const changes: (readonly ["join" | "update" | "leave", PresenceMember])[] = [];
    for (const key of this.#changedKeys) {
      const [before, after] = [this.#published.get(key), this.#present.get(key)?.member];
      if (after) this.#published.set(key, after);
      else this.#published.delete(key);
      if (!before && after) changes.push(["join", after]);
      else if (before && !after) changes.push(["leave", before]);
      else if (before && after && !isSame(before, after)) changes.push(["update", after]);
    }
    this.#changedKeys.clear();
    return changes.map(([presence, member]) => ({ presence, count: this.count, member }));
  }
}

const isSame = (one: PresenceMember, other: PresenceMember): boolean =>
  JSON.stringify([one.auth, one.state]) === JSON.stringify([other.auth, other.state]);
