import type { PresenceEvent, PresenceMember } from "@headwater/protocol";
import { notify } from "../notify.ts";
import type { Resync } from "./events.ts";
import type { Message } from "./messages.ts";
import type { Subscription } from "./subscription.ts";

export interface PresenceOptions {
  /** Shown to the other members: at most 512 bytes as JSON. */
  readonly state?: unknown;
  /** Connections of an account with the same key are one member. Without a key, all its connections are one member. */
  readonly key?: string;
  readonly signal?: AbortSignal;
}

/** The part of `Realtime` that presence needs. */
export interface PresenceConnection {
  subscribe(
    topic: string,
    options: { readonly query: Readonly<Record<string, string>>; readonly signal?: AbortSignal | undefined },
  ): Subscription<Message | Resync>;
}

/** The members of a room, including this client. */
export class Presence {
  /** Resolves when this client has joined the room. Rejects if the server doesn't allow it. */
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

  /** The members. Empty in a room that is too large to list. A new array after each change. */
  get members(): readonly PresenceMember[] {
    return [...this.#members.values()];
  }

  /** The number of members. */
  get count(): number {
    return this.#count;
  }

  /** Calls the listener after each change. @returns a function that removes the listener */
  onChange(listener: (event: PresenceEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Changes this client's state. */
  set(state: unknown): void {
    if (this.#subscription.ended) return;
    const before = this.#subscription;
    this.#subscription = this.#subscribe(state);
    void before.unsubscribe();
  }

  /** Leaves the room. Resolves when the server has processed it. */
  leave(): Promise<void> {
    return this.#subscription.unsubscribe();
  }

  /** The state is an option of the subscription, so that each state needs a new subscription. */
  #subscribe(state: unknown): Subscription<Message | Resync> {
    const { key, signal } = this.#options;
    const presence = JSON.stringify({ state, ...(key !== undefined && { key }) });
    const subscription = this.#connection.subscribe(`@${this.#room}`, { query: { presence }, signal });
    // Errors are reported by `ready`.
    subscription.ready.catch(() => undefined);
    subscription.forEach((event) => {
      if (event.action === "message" && isPresence(event.data)) this.#onEvent(event.data);
    });
    return subscription;
  }

  #onEvent(event: PresenceEvent): void {
    this.#count = event.count;
    this.#members = applyEvent(this.#members, event);
    notify(this.#listeners, event);
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
 * Joins a room: shows this client to the other members, and them to this client. Headwater servers only.
 *
 * @param room a channel's name, or `posts/ID`
 */
export const presence = (connection: PresenceConnection, room: string, options: PresenceOptions = {}): Presence =>
  new Presence(connection, room, options);
