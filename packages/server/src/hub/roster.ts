import { type ClientId, EVERYONE, type Subscription } from "@headwater/protocol";
import type { Session } from "./session.ts";
import { type Audience, type AudienceKind, TopicIndex } from "./topic-index.ts";

/** How listeners are told apart. */
export interface Listeners<Principal> {
  /** Which listeners are alike, and which changes can concern them at all; none for those who can hear of nothing. */
  audiencesOf(subscription: Subscription, principal: Principal): readonly AudienceKind[];
  /** Equal for equal principals. */
  principalKey(principal: Principal): string;
}

/** Who is here: sessions by id, by principal, and by what they listen to. */
export class Roster<Principal> {
  readonly #listeners: Listeners<Principal>;
  readonly #index = new TopicIndex<Principal>();
  readonly #sessions = new Map<ClientId, Session<Principal>>();
  readonly #byPrincipal = new Map<string, Set<Session<Principal>>>();

  constructor(listeners: Listeners<Principal>) {
    this.#listeners = listeners;
  }

  get size(): number {
    return this.#sessions.size;
  }

  get(id: ClientId): Session<Principal> | undefined {
    return this.#sessions.get(id);
  }

  all(): Iterable<Session<Principal>> {
    return this.#sessions.values();
  }

  ofPrincipal(key: string): readonly Session<Principal>[] {
    return [...(this.#byPrincipal.get(key) ?? [])];
  }

  /** See `TopicIndex.audiences`. */
  audiences(
    topic: string,
    held: (example: Audience<Principal>) => Promise<readonly unknown[] | undefined>,
  ): Promise<readonly Audience<Principal>[]> {
    return this.#index.audiences(topic, held);
  }

  /** See `TopicIndex.followers`. */
  followers(collection: string): Iterable<Audience<Principal>> {
    return this.#index.followers(collection);
  }

  add(session: Session<Principal>): void {
    this.#sessions.set(session.id, session);
    this.#seat(session);
  }

  remove(session: Session<Principal>): void {
    this.#sessions.delete(session.id);
    this.#unseat(session);
  }

  /** Changes who sessions are or what they listen to, all at once: an audience must never mix the old and the new. */
  reseat(sessions: Iterable<Session<Principal>>, change: (session: Session<Principal>) => void): void {
    const moved = [...sessions];
    for (const session of moved) this.#unseat(session);
    for (const session of moved) {
      change(session);
      this.#seat(session);
    }
  }

  #seat(session: Session<Principal>): void {
    const key = this.#listeners.principalKey(session.principal);
    let peers = this.#byPrincipal.get(key);
    if (!peers) this.#byPrincipal.set(key, (peers = new Set()));
    peers.add(session);
    const heard = session.listens ? [EVERYONE, ...session.subscriptions] : [];
    session.audiences = heard.flatMap((subscription) =>
      this.#listeners
        .audiencesOf(subscription, session.principal)
        .map((kind) => this.#index.add(session, subscription, kind)),
    );
  }

  #unseat(session: Session<Principal>): void {
    const key = this.#listeners.principalKey(session.principal);
    const peers = this.#byPrincipal.get(key);
    peers?.delete(session);
    if (peers?.size === 0) this.#byPrincipal.delete(key);
    for (const audience of session.audiences) this.#index.remove(session, audience);
    session.audiences = [];
  }
}
