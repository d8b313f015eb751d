import type { Subscription } from "@headwater/protocol";
import type { Codec } from "./frame.ts";
import type { Session } from "./session.ts";

/** What makes an audience. */
export interface AudienceKind {
  /** Where the changes appear that it is for. */
  readonly topic: string;
  /** Equal for those who get the same answer and the same bytes for every change. */
  readonly key: string;
  /** Only changes of records that hold this text in this field can reach it; `undefined`: any may. */
  readonly requires: { readonly field: string; readonly value: string } | undefined;
  /**
   * Collections whose changes may move other records into or out of its sight; `undefined` if it does not want to know
   * what enters and leaves.
   */
  readonly follows: readonly string[] | undefined;
  /**
   * The same change is the same to it whenever it is asked about: neither the time nor other records have a say. Else
   * an answer is good for once.
   */
  readonly steady: boolean;
}

/** Sessions that listen to one topic under one event name and for which every answer is the same. */
export interface Audience<Principal> extends AudienceKind {
  /** How all of them are written to. */
  readonly codec: Codec;
  readonly subscription: Subscription;
  /** The principal of any of them: they are alike in all that matters here. */
  readonly principal: Principal;
  readonly sessions: Set<Session<Principal>>;
}

type Audiences<Principal> = Map<string, Audience<Principal>>;

/** The listeners of one topic: those for any change, and those for records that hold a text, by field and text. */
interface Topic<Principal> {
  readonly any: Audiences<Principal>;
  readonly byField: Map<string, Map<string, Audiences<Principal>>>;
}

/** Who listens to what: topic, and what the record must hold, to audiences. */
export class TopicIndex<Principal> {
  readonly #topics = new Map<string, Topic<Principal>>();
  readonly #followers = new Map<string, Set<Audience<Principal>>>();
  /**
   * The audiences that a record's change may reach: found by what the record holds, however many listen for others.
   *
   * @param held what the record held before the change, and holds after it, in the field that an audience requires;
   *   `undefined` if that can't be said
   */
  async audiences(
    topic: string,
    held: (example: Audience<Principal>) => Promise<readonly unknown[] | undefined>,
  ): Promise<readonly Audience<Principal>[]> {
    const listeners = this.#topics.get(topic);
    if (!listeners) return [];
    const found = [...listeners.any.values()];
    for (const byValue of listeners.byField.values()) {
      // None stays empty, so there is a first of the first.
      const example = byValue.values().next().value?.values().next().value;
      const values = example && (await held(example));
      for (const value of values ? new Set(values) : byValue.keys()) {
        const audiences = typeof value === "string" ? byValue.get(value) : undefined;
        if (audiences) found.push(...audiences.values());
      }
    }
    return found;
  }

  /** The audiences for which a change of that collection may move other records. */
  followers(collection: string): Iterable<Audience<Principal>> {
    return this.#followers.get(collection) ?? [];
  }

  /** @returns the audience that the session is in from now on, for `remove`: its principal may be another by then */
  add(session: Session<Principal>, subscription: Subscription, kind: AudienceKind): Audience<Principal> {
    const { principal, codec } = session;
    const key = `${codec.id}\n${subscription.name}\n${kind.key}`;
    const audiences = this.#audiencesOf(kind);
    let audience = audiences.get(key);
    if (!audience) {
      audience = { ...kind, key, codec, subscription, principal, sessions: new Set() };
      audiences.set(key, audience);
      for (const collection of kind.follows ?? []) entry(this.#followers, collection, () => new Set()).add(audience);
    }
    audience.sessions.add(session);
    return audience;
  }

  remove(session: Session<Principal>, audience: Audience<Principal>): void {
    const { key, topic: name, requires, follows, sessions } = audience;
    sessions.delete(session);
    if (sessions.size > 0) return;
    const topic = this.#topics.get(name);
    const byValue = requires && topic?.byField.get(requires.field);
    const audiences = requires ? byValue?.get(requires.value) : topic?.any;
    if (!topic || audiences?.get(key) !== audience) return;
    audiences.delete(key);
    for (const collection of follows ?? []) {
      const followers = this.#followers.get(collection);
      followers?.delete(audience);
      if (followers?.size === 0) this.#followers.delete(collection);
    }
    if (requires && audiences.size === 0) byValue?.delete(requires.value);
    if (requires && byValue?.size === 0) topic.byField.delete(requires.field);
    if (topic.any.size === 0 && topic.byField.size === 0) this.#topics.delete(name);
  }

  #audiencesOf({ topic, requires }: AudienceKind): Audiences<Principal> {
    const listeners = entry(this.#topics, topic, () => ({ any: new Map(), byField: new Map() }));
    if (!requires) return listeners.any;
    const byValue = entry(listeners.byField, requires.field, () => new Map());
    return entry(byValue, requires.value, () => new Map());
  }
}

/** The value of a key, made where there is none. */
function entry<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) map.set(key, (value = make()));
  return value;
}
