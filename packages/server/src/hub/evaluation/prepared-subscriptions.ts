import type { Subscription } from "@headwater/protocol";
import type { TurnShare } from "../../lib/scheduling/turn-share.ts";
import type { AudienceKind } from "../audience-kind.ts";

/** The audiences of some subscriptions, found before a session is indexed: that must not wait in the middle. */
export class PreparedSubscriptions<Principal> {
  readonly #principal: Principal;
  readonly #revision: number;
  readonly #kinds = new Map<Subscription, readonly AudienceKind[]>();

  /** @param revision of the collections */
  constructor(principal: Principal, revision: number) {
    this.#principal = principal;
    this.#revision = revision;
  }

  /** Takes a few at a time, and leaves turns to others. */
  async prepare(
    subscriptions: readonly Subscription[],
    audiencesOf: (subscription: Subscription, principal: Principal) => readonly AudienceKind[],
    turns: TurnShare,
  ): Promise<void> {
    for (const subscription of subscriptions) {
      this.#kinds.set(subscription, audiencesOf(subscription, this.#principal));
      const pause = turns.pause(performance.now());
      if (pause) await pause;
    }
  }

  /** @returns `undefined` if it was not prepared for this principal, or under other collections */
  find(subscription: Subscription, principal: Principal, revision: number): readonly AudienceKind[] | undefined {
    return principal === this.#principal && revision === this.#revision ? this.#kinds.get(subscription) : undefined;
  }
}
