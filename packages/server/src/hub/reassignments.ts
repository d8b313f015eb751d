import type { OutgoingEvent } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import type { Session } from "./session.ts";
import type { Audience } from "./topic-index.ts";

/** What entered and left someone's sight; `unknown`: too much to tell, all must be read anew. */
export type VisibilityChanges = readonly OutgoingEvent[] | "unknown";

/** What a change moves for a listener that was remembered before it, given who the listener is now. */
export type MovesSince<Principal> = (change: Change, now: Principal) => Promise<VisibilityChanges>;

/** Sessions that went from one audience to another together. */
export interface Reassignment<Principal> {
  readonly audience: Audience<Principal>;
  readonly sessions: ReadonlySet<Session<Principal>>;
  readonly moves: MovesSince<Principal>;
}

/**
 * The listeners that a change makes others, by what it does to their accounts or to the rules, from before they are
 * sorted anew until the change itself is told. Those who read the log are left out: they learn of it there.
 */
export class Reassignments<Principal> {
  #left = new Map<Session<Principal>, readonly Audience<Principal>[]>();
  readonly #since = new Map<Audience<Principal>, MovesSince<Principal>>();
  readonly #remember: (audience: Audience<Principal>) => MovesSince<Principal>;

  constructor(remember: (audience: Audience<Principal>) => MovesSince<Principal>) {
    this.#remember = remember;
  }

  /** Call before the sessions are sorted anew. */
  note(sessions: Iterable<Session<Principal>>): void {
    for (const session of sessions) {
      const following = session.audiences.filter(({ follows }) => follows !== undefined);
      if (following.length === 0 || session.hold || this.#left.has(session)) continue;
      this.#left.set(session, following);
      for (const audience of following) {
        if (!this.#since.has(audience)) this.#since.set(audience, this.#remember(audience));
      }
    }
  }

  /** What was noted since the last call, those who shifted alike together. */
  take(): readonly Reassignment<Principal>[] {
    if (this.#left.size === 0) return [];
    const shifts = new Map<Audience<Principal>, Map<Audience<Principal>, Set<Session<Principal>>>>();
    for (const [session, following] of this.#left) {
      for (const was of following) {
        const now = session.audiences.find(({ subscription }) => subscription.name === was.subscription.name);
        if (!now) continue;
        let byNow = shifts.get(was);
        if (!byNow) shifts.set(was, (byNow = new Map()));
        const together = byNow.get(now) ?? new Set();
        byNow.set(now, together.add(session));
      }
    }
    const taken = [...shifts].flatMap(([was, byNow]) =>
      [...byNow].map(([audience, sessions]) => ({ audience, sessions, moves: this.#since.get(was)! })),
    );
    this.#left = new Map();
    this.#since.clear();
    return taken;
  }
}

/** The sessions of an audience that have been in it all along. */
export function* staying<Principal>(
  audience: Audience<Principal>,
  shifts: readonly Reassignment<Principal>[],
): Generator<Session<Principal>> {
  const came = shifts.filter((shift) => shift.audience === audience);
  for (const session of audience.sessions) if (!came.some(({ sessions }) => sessions.has(session))) yield session;
}
