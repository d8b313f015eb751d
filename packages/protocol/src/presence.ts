import type { Subscription } from "./topic.ts";

/** A member of a room: the connections of one account with the same key, or one connection of a guest. */
export interface PresenceMember {
  /** Stable while the member is present, and when an account returns with the same key. Reveals nothing about the key. */
  readonly id: string;
  readonly auth: { readonly collection: string; readonly id: string } | null;
  /** The last state that the member set. */
  readonly state: unknown;
  /** When the member joined, ISO 8601. */
  readonly since: string;
}

/** An event of a room. `count` is the number of members after the event. */
export type PresenceEvent =
  /** All members: the first event of a new subscription. */
  | { readonly presence: "members"; readonly count: number; readonly members: readonly PresenceMember[] }
  | { readonly presence: "join" | "update" | "leave"; readonly count: number; readonly member: PresenceMember }
  /** For rooms that are too large to list their members. */
  | { readonly presence: "count"; readonly count: number };

/** The option `presence` of a subscription: makes the client a member of the room. */
export interface PresenceOption {
  /** Shown to the other members: at most `MAX_PRESENCE_STATE` bytes as JSON. */
  readonly state?: unknown;
  /**
   * Separates the devices or tabs of one account: connections with the same key are one member. Without a key, an
   * account is one member, and so is each guest connection.
   */
  readonly key?: string;
}

const MAX_PRESENCE_STATE = 512;
const MAX_PRESENCE_KEY = 128;

/** @returns the channel or record that a presence topic is about, `chat` for `@chat`; `undefined` for other topics */
export const presenceTarget = (topic: string): string | undefined =>
  topic.startsWith("@") ? topic.slice(1) : undefined;

/** @returns the presence option of a subscription; `undefined` if it has none, or an invalid one */
export function presenceOptionOf(subscription: Subscription): PresenceOption | undefined {
  const option = readPresenceOption(subscription);
  return typeof option === "string" ? undefined : option;
}

/** @returns what is wrong with the presence option of a subscription, as a sentence; `undefined` if nothing is */
export function presenceProblem(subscription: Subscription): string | undefined {
  const option = readPresenceOption(subscription);
  return typeof option === "string" ? option : undefined;
}

function readPresenceOption({ topic, options }: Subscription): PresenceOption | string | undefined {
  const text = options.query["presence"];
  if (text === undefined || presenceTarget(topic) === undefined) return undefined;
  try {
    return validatePresence(JSON.parse(text));
  } catch {
    return "The presence option must be a JSON object.";
  }
}

function validatePresence(value: unknown): PresenceOption | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return "The presence option must be an object with an optional state and key.";
  }
  const { state = null, key } = value as { state?: unknown; key?: unknown };
  if (key !== undefined && (typeof key !== "string" || key.length > MAX_PRESENCE_KEY)) {
    return `The presence key must be a string of at most ${MAX_PRESENCE_KEY} characters.`;
  }
  if (new TextEncoder().encode(JSON.stringify(state)).length > MAX_PRESENCE_STATE) {
    return `The presence state must be at most ${MAX_PRESENCE_STATE} bytes as JSON.`;
  }
  return key === undefined ? { state } : { state, key };
}
