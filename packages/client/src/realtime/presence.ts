import type { PresenceEvent, PresenceMember } from "@headwater/protocol";
import type { Resync } from "./events.ts";
import type { Message } from "./messages.ts";
import type { Subscription } from "./subscription.ts";

export interface PresenceOptions {
  /** What others are told of this one: JSON of at most 1 KiB. */
  readonly state?: unknown;
  /** Connections of an account with the same key are one member; without it all of them are. */
  readonly key?: string;
  readonly signal?: AbortSignal;
}

/** What of a connection is needed. */
export interface PresenceConnection {
  subscribe(topic: string, options: { readonly signal?: AbortSignal | undefined }): Subscription<Message | Resync>;
  setPresence(topic: string, wish: { readonly state: unknown; readonly key?: string }): void;
}

/** Who is present under a topic, oneself among them. */
export class Presence {
  /** Resolves when the server knows of it; rejects when it refuses. */
  readonly ready: Promise<void>;
  readonly #connection: PresenceConnection;
  readonly #topic: string;
  readonly #key: string | undefined;
  readonly #subscription: Subscription<Message | Resync>;
  readonly #listeners = new Set<(event: PresenceEvent) => void>();
  #members: ReadonlyMap<string, PresenceMember> = new Map();
  #count = 0;

  constructor(connection: PresenceConnection, topic: string, { state = null, key, signal }: PresenceOptions) {
    this.#connection = connection;
    this.#topic = topic;
    this.#key = key;
    this.#subscription = connection.subscribe(topic, { signal });
    this.ready = this.#subscription.ready;
    this.#subscription.forEach((event) => {
      if (event.action === "message" && isPresence(event.data)) this.#hear(event.data);
    });
    this.set(state);
  }

  /** Those who are there; nobody is named where there are too many. Another list after each change. */
  get members(): readonly PresenceMember[] {
    return [...this.#members.values()];
  }

  /** How many are there. */
  get count(): number {
    return this.#count;
  }

  /** Told of each change. Gives a function that ends it. */
  onChange(listener: (event: PresenceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Says something else of oneself. */
  set(state: unknown): void {
    this.#connection.setPresence(this.#topic, { state, ...(this.#key !== undefined && { key: this.#key }) });
  }

  /** Resolves when the server knows. */
  leave(): Promise<void> {
    return this.#subscription.unsubscribe();
  }

  #hear(event: PresenceEvent): void {
    this.#count = event.count;
    this.#members = after(this.#members, event);
    for (const listener of this.#listeners) listener(event);
  }
}

function after(
  members: ReadonlyMap<string, PresenceMember>,
  event: PresenceEvent,
): ReadonlyMap<string, PresenceMember> {
  switch (event.presence) {
    case "members":
      return new Map(event.members.map((member) => [member.id, member]));
    case "count":
      return new Map();
    case "leave":
      return new Map([...members].filter(([id]) => id !== event.member.id));
    case "join":
    case "update":
      return new Map([...members, [event.member.id, event.member]]);
  }
}

const isPresence = (data: unknown): data is PresenceEvent =>
  typeof data === "object" && data !== null && "presence" in data && "count" in data;

/** Shows oneself to all others who do so under the same topic, a channel or a record, and them. Headwater servers only. */
export const presence = (connection: PresenceConnection, topic: string, options: PresenceOptions = {}): Presence =>
  new Presence(connection, topic, options);
