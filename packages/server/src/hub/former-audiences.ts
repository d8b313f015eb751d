import type { Subscription } from "@headwater/protocol";
import type { Change } from "../log/change.ts";
import type { Audience, Session } from "./session.ts";

/**
 * The audiences of sessions whose principal a change removes, as they were before it: in those they get the event of that
 * change itself.
 */
export class FormerAudiences<Principal> {
  #change: Change | undefined;
  /** With the subscriptions by which they were in these audiences. */
  #sessions = new Map<Session<Principal>, readonly Subscription[]>();
  #audiences = new Map<Audience<Principal>, Set<Session<Principal>>>();

  /** Call before the sessions are indexed again. */
  capture(change: Change, sessions: readonly Session<Principal>[]): void {
    if (this.#change !== change) this.#reset(change);
    for (const session of sessions) {
      this.#sessions.set(session, session.subscriptions);
      for (const audience of session.audiences) {
        const members = this.#audiences.get(audience) ?? new Set();
        this.#audiences.set(audience, members.add(session));
      }
    }
  }

  /**
   * The audiences that a change may reach, with the captured sessions where they were before it.
   *
   * @param current those of its topics, as sessions are indexed now
   */
  restore(
    change: Change,
    topics: readonly string[],
    current: readonly Audience<Principal>[],
  ): readonly Audience<Principal>[] {
    if (this.#change !== change) return current;
    const captured = [...this.#sessions];
    const moved = new Set(
      captured.filter(([session, then]) => session.subscriptions === then).map(([session]) => session),
    );
    const former = [...this.#audiences]
      .filter(([{ topic }]) => topics.includes(topic))
      .map(([audience, sessions]) => ({ ...audience, sessions: sessions.intersection(moved) }));
    this.#reset(undefined);
    return [...former, ...current.map((audience) => ({ ...audience, sessions: audience.sessions.difference(moved) }))];
  }

  #reset(change: Change | undefined): void {
    this.#change = change;
    this.#sessions = new Map();
    this.#audiences = new Map();
  }
}
