import { type ClientId, GLOBAL_SUBSCRIPTION, type Subscription } from "@headwater/protocol";
import type { Audience, Session } from "./session.ts";
import type { TurnShare } from "../lib/scheduling/turn-share.ts";
import type { AudienceKind } from "./audience-kind.ts";
import { PreparedSubscriptions } from "./evaluation/prepared-subscriptions.ts";
import { TopicIndex } from "./topic-index.ts";

/** How sessions are sorted into audiences. */
export interface AudienceRules<Principal> {
  /** The audiences of a subscription; none if the principal can never get an event by it. */
  audiencesOf(subscription: Subscription, principal: Principal): readonly AudienceKind[];
  /** Equal for equal principals. */
  principalKey(principal: Principal): string;
}

/** All open sessions: by id, by principal, and by what they subscribe to. */
export class Roster<Principal> {
  readonly #rules: AudienceRules<Principal>;
  readonly #topics = new TopicIndex<Principal>();
  readonly #sessions = new Map<ClientId, Session<Principal>>();
  readonly #byPrincipal = new Map<string, Set<Session<Principal>>>();
  #revision = 0;

  constructor(rules: AudienceRules<Principal>) {
    this.#rules = rules;
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

  countOf(key: string): number {
    return this.#byPrincipal.get(key)?.size ?? 0;
  }

  /** How many different principals have sessions. */
  get principals(): number {
    return this.#byPrincipal.size;
  }

  /** See `TopicIndex.audiences`. */
  audiences(
    topic: string,
    routingValues: (example: Audience<Principal>) => Promise<readonly unknown[] | undefined>,
  ): Promise<readonly Audience<Principal>[]> {
    return this.#topics.audiences(topic, routingValues);
  }

  /** See `TopicIndex.dependents`. */
  dependents(collection: string): Iterable<Audience<Principal>> {
    return this.#topics.dependents(collection);
  }

  add(session: Session<Principal>): void {
    this.#sessions.set(session.id, session);
    this.#index(session);
  }

  remove(session: Session<Principal>): void {
    this.#sessions.delete(session.id);
    this.#unindex(session);
  }

  /** Changes sessions' principals or subscriptions, all at once: an audience must never mix old and new. */
  reindex(
    sessions: Iterable<Session<Principal>>,
    change: (session: Session<Principal>) => void,
    prepared?: PreparedSubscriptions<Principal>,
  ): void {
    const changed = [...sessions];
    for (const session of changed) this.#unindex(session);
    for (const session of changed) {
      change(session);
      this.#index(session, prepared);
    }
  }

  /** Finds the audiences of subscriptions for a later call of `reindex`, without keeping the loop. */
  async prepare(
    principal: Principal,
    subscriptions: readonly Subscription[],
    turns: TurnShare,
  ): Promise<PreparedSubscriptions<Principal>> {
    const prepared = new PreparedSubscriptions(principal, this.#revision);
    await prepared.prepare(subscriptions, (one, whose) => this.#rules.audiencesOf(one, whose), turns);
    return prepared;
  }

  /** What was prepared no longer holds. */
  rulesChanged(): void {
    this.#revision += 1;
  }

  #index(session: Session<Principal>, prepared?: PreparedSubscriptions<Principal>): void {
    const { principal } = session;
    const key = this.#rules.principalKey(principal);
    let peers = this.#byPrincipal.get(key);
    if (!peers) this.#byPrincipal.set(key, (peers = new Set()));
    peers.add(session);
    const subscriptions = session.hasSubscribed ? [GLOBAL_SUBSCRIPTION, ...session.subscriptions] : [];
    session.indexed(
      subscriptions.flatMap((subscription) => {
        const known = prepared?.find(subscription, principal, this.#revision);
        const kinds = known ?? this.#rules.audiencesOf(subscription, principal);
        return kinds.map((kind) => this.#topics.add(session, subscription, kind));
      }),
    );
  }

  #unindex(session: Session<Principal>): void {
    const key = this.#rules.principalKey(session.principal);
    const peers = this.#byPrincipal.get(key);
    peers?.delete(session);
    if (peers?.size === 0) this.#byPrincipal.delete(key);
    for (const audience of session.audiences) this.#topics.remove(session, audience);
    session.indexed([]);
  }
}
