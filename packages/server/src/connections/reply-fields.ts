import type { BadMessage, ClientMessage, Correlated, ErrorMessage, SocketAuth } from "@headwater/protocol";
import type { Principal } from "../rules/principal.ts";

/** What an error names besides its code. */
export type About = Pick<ErrorMessage, "pattern" | "patterns" | "rooms" | "retryAfter">;

/** What a message is about. */
export function aboutOf(message: ClientMessage | BadMessage): Omit<About, "retryAfter"> {
  if (message.type === "sync") return message.rooms ? { rooms: message.rooms } : {};
  if (!("pattern" in message) || message.pattern === undefined) return {};
  const { pattern } = message;
  return typeof pattern === "string" ? { pattern } : { patterns: pattern };
}

/** Characters of patterns that the error for a message that is too long repeats. */
const MAX_NAMED = 4_096;

/** An error must not be as long as a message that was too long. */
export const isShort = (about: object): boolean => JSON.stringify(about).length <= MAX_NAMED;

export const idOf = ({ id }: Correlated): Correlated => (id === undefined ? {} : { id });

export const authOf = (principal: Principal): SocketAuth =>
  principal.kind === "guest" ? null : { collection: principal.collection.name, id: principal.values.id };
