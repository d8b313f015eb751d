import type { Subscription } from "@headwater/protocol";
import type { AudienceKind } from "./audience-kind.ts";
import type { Audience, Session } from "./session.ts";

type Audiences<Principal> = Map<string, Audience<Principal>>;

/** The audiences of one topic: those for any change, and those routed by a field, by its name and value. */
interface TopicAudiences<Principal> {
  readonly unrouted: Audiences<Principal>;
  readonly byField: Map<string, Map<string, Audiences<Principal>>>;
}

/** From topics and routing values to audiences. */
export class TopicIndex<Principal> {
  readonly #topics = new Map<string, TopicAudiences<Principal>>();
  readonly #dependents = new Map<string, Set<Audience<Principal>>>();

  /**
   * The audiences that a change may reach. Those routed by a field are looked up by the record's values, however many
   * wait for other values.
   *
   * @param routingValues what the record had before the change, and has after it, in the field that routes an audience;
   *   `undefined` if that is unknown, so that the change may reach all of them
   */
  async audiences(
    topic: string,
    routingValues: (example: Audience<Principal>) => Promise<readonly unknown[] | undefined>,
  ): Promise<readonly Audience<Principal>[]> {
    const audiencesOfTopic = this.#topics.get(topic);
    if (!audiencesOfTopic) return [];
    const found = [...audiencesOfTopic.unrouted.values()];
    for (const byValue of audiencesOfTopic.byField.values()) {
      // Empty maps are removed, so there is a first of the first.
      const example = byValue.values().next().value?.values().next().value;
      const values = example && (await routingValues(example));
      for (const value of values ? new Set(values) : byValue.keys()) {
        const audiences = typeof value === "string" ? byValue.get(value) : undefined;
        if (audiences) found.push(...audiences.values());
      }
    }
    return found;
  }

  /** The audiences that a change of the collection may make other records visible or invisible to. */
  dependents(collection: string): Iterable<Audience<Principal>> {
    return this.#dependents.get(collection) ?? [];
  }

  /** @returns the audience that the session is in now; keep it for `remove`, as the session's principal may change */
  add(session: Session<Principal>, subscription: Subscription, kind: AudienceKind): Audience<Principal> {
    const { principal, codec } = session;
    const key = `${codec.id}\n${shortName(subscription.name)}\n${kind.key}`;
    const audiences = this.#audiencesOf(kind);
    let audience = audiences.get(key);
    if (!audience) {
      audience = { ...kind, key, codec, subscription, principal, sessions: new Set() };
      audiences.set(key, audience);
      for (const collection of kind.dependsOn ?? []) {
        getOrCreate(this.#dependents, collection, () => new Set()).add(audience);
      }
    }
    audience.sessions.add(session);
    return audience;
  }

  remove(session: Session<Principal>, audience: Audience<Principal>): void {
    const { key, topic, routeBy, dependsOn, sessions } = audience;
    sessions.delete(session);
    if (sessions.size > 0) return;
    const audiencesOfTopic = this.#topics.get(topic);
    const byValue = routeBy && audiencesOfTopic?.byField.get(routeBy.field);
    const audiences = routeBy ? byValue?.get(routeBy.value) : audiencesOfTopic?.unrouted;
    if (!audiencesOfTopic || audiences?.get(key) !== audience) return;
    audiences.delete(key);
    for (const collection of dependsOn ?? []) {
      const dependents = this.#dependents.get(collection);
      dependents?.delete(audience);
      if (dependents?.size === 0) this.#dependents.delete(collection);
    }
    if (routeBy && audiences.size === 0) byValue?.delete(routeBy.value);
    if (routeBy && byValue?.size === 0) audiencesOfTopic.byField.delete(routeBy.field);
    if (audiencesOfTopic.unrouted.size === 0 && audiencesOfTopic.byField.size === 0) this.#topics.delete(topic);
  }

  #audiencesOf({ topic, routeBy }: AudienceKind): Audiences<Principal> {
    const audiencesOfTopic = getOrCreate(this.#topics, topic, () => ({ unrouted: new Map(), byField: new Map() }));
    if (!routeBy) return audiencesOfTopic.unrouted;
    const byValue = getOrCreate(audiencesOfTopic.byField, routeBy.field, () => new Map());
    return getOrCreate(byValue, routeBy.value, () => new Map());
  }
}

/** A long name is another copy of what the client sent, and there may be many. */
const shortName = (name: string): string =>
  name.length > 100 ? new Bun.CryptoHasher("sha256").update(name).digest("base64") : name;

function getOrCreate<Key, Value>(map: Map<Key, Value>, key: Key, create: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = create()));
  return value;
}
