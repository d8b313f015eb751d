import type { ServerMessage } from "@headwater/protocol";
import type { LinkEvent } from "./transport.ts";

/** A pattern of the WebSocket, and what the subscription is called elsewhere. */
export type PatternEntry = readonly [pattern: string, name: string];

type EventMessage = Extract<ServerMessage, { type: "record_event" | "custom_event" | "presence" | "resync" }>;

/** What is told everyone comes by no pattern: its subscription is known to this side alone. */
const GLOBAL_NAME = "*";

/** What a link listens to, in the words of both sides. */
export class PatternMap {
  readonly #names = new Map<string, string>();

  /** What is to be asked for, and what to be given up, for these to be all. */
  diff(names: readonly string[]): { readonly added: readonly PatternEntry[]; readonly left: readonly string[] } {
    const wanted = new Map(names.filter((name) => name !== GLOBAL_NAME).map((name) => [patternOf(name), name]));
    return {
      added: [...wanted].filter(([pattern]) => !this.#names.has(pattern)),
      left: [...this.#names.keys()].filter((pattern) => !wanted.has(pattern)),
    };
  }

  add(added: readonly PatternEntry[]): void {
    for (const [pattern, name] of added) this.#names.set(pattern, name);
  }

  remove(patterns: readonly string[]): void {
    for (const pattern of patterns) this.#names.delete(pattern);
  }

  /** One for each subscription that it came by; the last has the cursor, as on a stream. */
  eventsOf(message: EventMessage): LinkEvent[] {
    const names = this.#namesOf(message);
    const id = "cursor" in message ? message.cursor : undefined;
    if (message.type === "resync") {
      const { reason, patterns } = message;
      const data = JSON.stringify({ reason, cursor: id, ...(patterns && { subscriptions: names }) });
      return [{ name: "resync", data, id }];
    }
    const value = valueOf(message);
    // Nobody's any more, but its place counts.
    if (names.length === 0) return id === undefined ? [] : [{ name: "", data: "", value: null, id }];
    return names.map((name, i) => ({ name, data: "", value, id: i === names.length - 1 ? id : undefined }));
  }

  #namesOf(message: EventMessage): string[] {
    const patterns = message.patterns ?? (message.type === "custom_event" ? undefined : []);
    if (!patterns) return [GLOBAL_NAME];
    const names = patterns.flatMap((pattern) => this.#names.get(pattern) ?? []);
    // `posts.*` is the channel of that name, too, where a stream has two subscriptions.
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

/** `posts/*?options=…` is `posts.*?options=…`, and a channel's name is a pattern of its own. */
function patternOf(name: string): string {
  const [, topic = "", options = ""] = /^([^?]*)(.*)$/s.exec(name) ?? [];
  return `${topic.includes("/") ? topic.replace("/", ".") : `${topic}.*`}${options}`;
}
