import type { Subscription } from "@headwater/protocol";
import type { Session } from "./session.ts";

/** Sessions that listen to one topic under one event name and for which every answer is the same. */
export interface Audience<Principal> {
  readonly topic: string;
  readonly subscription: Subscription;
  /** The principal of any of them: they are alike in all that matters here. */
  readonly principal: Principal;
  readonly sessions: Set<Session<Principal>>;
}

/** Who listens to what: topic to audiences. */
export class TopicIndex<Principal> {
  readonly #topics = new Map<string, Map<string, Audience<Principal>>>();
  readonly #audienceKey: (subscription: Subscription, principal: Principal) => string;

  /** @param audienceKey equal for subscriptions that get the same answer and the same bytes for every change */
  constructor(audienceKey: (subscription: Subscription, principal: Principal) => string) {
    this.#audienceKey = audienceKey;
  }

  /** The audiences of a topic; none for a topic nobody listens to. */
  audiences(topic: string): Iterable<Audience<Principal>> {
    return this.#topics.get(topic)?.values() ?? [];
  }

  /** @returns a function that takes the session out again, whatever has become of its principal since */
  add(session: Session<Principal>, subscription: Subscription): () => void {
    const { topic } = subscription;
    const { principal } = session;
    const key = `${subscription.name}\n${this.#audienceKey(subscription, principal)}`;
    let audiences = this.#topics.get(topic);
    if (!audiences) this.#topics.set(topic, (audiences = new Map()));
    let audience = audiences.get(key);
    if (!audience) audiences.set(key, (audience = { topic, subscription, principal, sessions: new Set() }));
    const { sessions } = audience;
    sessions.add(session);

    return () => {
      sessions.delete(session);
      if (sessions.size > 0 || audiences.get(key)?.sessions !== sessions) return;
      audiences.delete(key);
      if (audiences.size === 0 && this.#topics.get(topic) === audiences) this.#topics.delete(topic);
    };
  }
}
