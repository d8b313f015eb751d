import type { Subscription } from "@headwater/protocol";
import type { Session } from "./session.ts";

/** Sessions that listen to one topic under one event name and for which every answer is the same. */
export interface Audience<Principal> {
  readonly key: string;
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

  /** @returns the audience that the session is in from now on, for `remove`: its principal may be another by then */
  add(session: Session<Principal>, subscription: Subscription): Audience<Principal> {
    const { principal } = session;
    const key = `${subscription.name}\n${this.#audienceKey(subscription, principal)}`;
    let audiences = this.#topics.get(subscription.topic);
    if (!audiences) this.#topics.set(subscription.topic, (audiences = new Map()));
    let audience = audiences.get(key);
    if (!audience) audiences.set(key, (audience = { key, subscription, principal, sessions: new Set() }));
    audience.sessions.add(session);
    return audience;
  }

  remove(session: Session<Principal>, { key, subscription, sessions }: Audience<Principal>): void {
    sessions.delete(session);
    if (sessions.size > 0) return;
    const audiences = this.#topics.get(subscription.topic);
    if (audiences?.get(key)?.sessions === sessions) audiences.delete(key);
    if (audiences?.size === 0) this.#topics.delete(subscription.topic);
  }
}
