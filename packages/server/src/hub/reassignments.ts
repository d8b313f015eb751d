import type { OutgoingEvent } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import type { Audience, Session } from "./session.ts";

/** Events of records that became visible or invisible; `unknown`: too many to list, everything must be read again. */
export type VisibilityChanges = readonly OutgoingEvent[] | "unknown";

/** What a change makes visible or invisible to a subscriber, from when it was captured to the principal that it is now. */
export type VisibilityDiffSince<Principal> = (change: Change, now: Principal) => Promise<VisibilityChanges>;

/** Sessions that went from one audience to another together. */
export interface Reassignment<Principal> {
  /** The audience that they are in now. */
  readonly audience: Audience<Principal>;
  readonly sessions: ReadonlySet<Session<Principal>>;
  readonly diff: VisibilityDiffSince<Principal>;
}

/**
 * The sessions that a change puts into other audiences, by what it does to their accounts or to the rules: from before
 * they are indexed again until the change itself is delivered. Sessions that catch up are left out: they learn of it from
 * the log.
 */
export class Reassignments<Principal> {
  #previous = new Map<Session<Principal>, readonly Audience<Principal>[]>();
  readonly #diffs = new Map<Audience<Principal>, VisibilityDiffSince<Principal>>();
  readonly #captureAudience: (audience: Audience<Principal>) => VisibilityDiffSince<Principal>;

  /** @param captureAudience keeps what the audience can see now, to compare later */
  constructor(captureAudience: (audience: Audience<Principal>) => VisibilityDiffSince<Principal>) {
    this.#captureAudience = captureAudience;
  }

  /** Call before the sessions are indexed again. */
  capture(sessions: Iterable<Session<Principal>>): void {
    for (const session of sessions) {
      const dependents = session.audiences.filter(({ dependsOn }) => dependsOn !== undefined);
      if (dependents.length === 0 || session.replay || this.#previous.has(session)) continue;
      this.#previous.set(session, dependents);
      for (const audience of dependents) {
        if (!this.#diffs.has(audience)) this.#diffs.set(audience, this.#captureAudience(audience));
      }
    }
  }

  /** What was captured since the last call, grouped by the audiences before and after. */
  take(): readonly Reassignment<Principal>[] {
    if (this.#previous.size === 0) return [];
    const moves = new Map<Audience<Principal>, Map<Audience<Principal>, Set<Session<Principal>>>>();
    for (const [session, audiences] of this.#previous) {
      for (const from of audiences) {
        const to = session.audiences.find(({ subscription }) => subscription.name === from.subscription.name);
        if (!to) continue;
        let byTarget = moves.get(from);
        if (!byTarget) moves.set(from, (byTarget = new Map()));
        const sessions = byTarget.get(to) ?? new Set();
        byTarget.set(to, sessions.add(session));
      }
    }
    const taken = [...moves].flatMap(([from, byTarget]) =>
      [...byTarget].map(([audience, sessions]) => ({ audience, sessions, diff: this.#diffs.get(from)! })),
    );
    this.#previous = new Map();
    this.#diffs.clear();
    return taken;
  }
}

/** The sessions of an audience that were not reassigned to it. */
export function* sessionsKeptIn<Principal>(
  audience: Audience<Principal>,
  reassignments: readonly Reassignment<Principal>[],
): Generator<Session<Principal>> {
  const arrivals = reassignments.filter((reassignment) => reassignment.audience === audience);
  for (const session of audience.sessions) {
    if (!arrivals.some(({ sessions }) => sessions.has(session))) yield session;
  }
}
