import type { ServerMessage } from "@headwater/protocol";
import type { LinkEvent } from "./transport.ts";

/** A WebSocket pattern, and the name of its subscription. */
export type PatternEntry = readonly [pattern: string, name: string];

type EventMessage = Extract<ServerMessage, { type: "record_event" | "custom_event" | "presence" | "resync" }>;

/** Broadcasts to everyone need no pattern. Only the client has a subscription for them. */
const GLOBAL_NAME = "*";

/** Maps between the patterns of a WebSocket and the names of the client's subscriptions. */
export class PatternMap {
  readonly #names = new Map<string, string>();

  /** The patterns to subscribe to and to unsubscribe from, to end up with exactly these names. */
  diff(names: readonly string[]): { readonly added: readonly PatternEntry[]; readonly removed: readonly string[] } {
    const wanted = new Map(names.filter((name) => name !== GLOBAL_NAME).map((name) => [patternOf(name), name]));
    return {
      added: [...wanted].filter(([pattern]) => !this.#names.has(pattern)),
      removed: [...this.#names.keys()].filter((pattern) => !wanted.has(pattern)),
    };
  }

  add(added: readonly PatternEntry[]): void {
    for (const [pattern, name] of added) this.#names.set(pattern, name);
  }

  remove(patterns: readonly string[]): void {
    for (const pattern of patterns) this.#names.delete(pattern);
  }

  /** One event for each subscription that matches. Only the last has the cursor, as on a stream. */
  eventsOf(message: EventMessage): LinkEvent[] {
    const names = this.#namesOf(message);
    const id = "cursor" in message ? message.cursor : undefined;
    if (message.type === "resync") {
      const { reason, patterns } = message;
      const data = JSON.stringify({ reason, cursor: id, ...(patterns && { subscriptions: names }) });
      return [{ name: "resync", data, id }];
    }
    const value = valueOf(message);
    // The subscription has ended, but the cursor counts.
    if (names.length === 0) return id === undefined ? [] : [{ name: "", data: "", value: null, id }];
    return names.map((name, i) => ({ name, data: "", value, id: i === names.length - 1 ? id : undefined }));
  }

  #namesOf(message: EventMessage): string[] {
    const patterns = message.patterns ?? (message.type === "custom_event" ? undefined : []);
    if (!patterns) return [GLOBAL_NAME];
    const names = patterns.flatMap((pattern) => this.#names.get(pattern) ?? []);
    // `posts.*` also matches the channel `posts`, for which a stream needs a second subscription.
    return message.type === "custom_event" ? names.filter((name) => !name.includes("/")) : names;
  }
}

function valueOf(message: Exclude<EventMessage, { type: "resync" }>): unknown {
  switch (message.type) {
    case "record_event":
      return { record: message.record, action: message.action };
    case "custom_event":
      return message.data;
    case "presence": {
      const { type: _, patterns: __, timestamp: ___, ...event } = message as typeof message & { timestamp?: string };
      return event;
    }
  }
}

/** `posts/*?options=…` becomes `posts.*?options=…`, and the channel `chat` becomes `chat.*`. */
function patternOf(name: string): string {
  const [, topic = "", options = ""] = /^([^?]*)(.*)$/s.exec(name) ?? [];
  return `${topic.includes("/") ? topic.replace("/", ".") : `${topic}.*`}${options}`;
}
