import type { PresenceEvent, PresenceMember } from "@headwater/protocol";
import type { Resync } from "./events.ts";
import type { Message } from "./messages.ts";
import type { Subscription } from "./subscription.ts";

export interface PresenceOptions {
  /** What others are told of this one: JSON of at most 512 bytes. */
  readonly state?: unknown;
  /** Connections of an account with the same key are one member; without it all of them are. */
  readonly key?: string;
  readonly signal?: AbortSignal;
}

/** What of a connection is needed. */
export interface PresenceConnection {
  subscribe(
    topic: string,
    options: { readonly query: Readonly<Record<string, string>>; readonly signal?: AbortSignal | undefined },
  ): Subscription<Message | Resync>;
}

/** Who is present in a room, oneself among them. */
export class Presence {
  /** Resolves when the server knows of it; rejects when it refuses. */
  readonly ready: Promise<void>;
  readonly #connection: PresenceConnection;
  readonly #room: string;
  readonly #options: PresenceOptions;
  #subscription: Subscription<Message | Resync>;
  readonly #listeners = new Set<(event: PresenceEvent) => void>();
  #members: ReadonlyMap<string, PresenceMember> = new Map();
  #count = 0;

  constructor(connection: PresenceConnection, room: string, options: PresenceOptions) {
    this.#connection = connection;
    this.#room = room;
    this.#options = options;
    this.#subscription = this.#subscribe(options.state ?? null);
    this.ready = this.#subscription.ready;
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
    if (this.#subscription.ended) return;
    const before = this.#subscription;
    this.#subscription = this.#subscribe(state);
    void before.unsubscribe();
  }

  /** Resolves when the server knows. */
  leave(): Promise<void> {
    return this.#subscription.unsubscribe();
  }

  /** What one says of oneself is an option of the subscription: who says something else subscribes anew. */
  #subscribe(state: unknown): Subscription<Message | Resync> {
    const { key, signal } = this.#options;
    const presence = JSON.stringify({ state, ...(key !== undefined && { key }) });
    const subscription = this.#connection.subscribe(`@${this.#room}`, { query: { presence }, signal });
    // Whoever waits for it is told by `ready`.
    subscription.ready.catch(() => undefined);
    subscription.forEach((event) => {
      if (event.action === "message" && isPresence(event.data)) this.#onEvent(event.data);
    });
    return subscription;
  }

  #onEvent(event: PresenceEvent): void {
    this.#count = event.count;
    this.#members = applyEvent(this.#members, event);
    for (const listener of this.#listeners) listener(event);
  }
}

function applyEvent(
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

/**
 * Shows oneself to all others who are in the same room, and them. Headwater servers only.
 *
 * @param room a channel's name, or `posts/ID`
 */
export const presence = (connection: PresenceConnection, room: string, options: PresenceOptions = {}): Presence =>
  new Presence(connection, room, options);
