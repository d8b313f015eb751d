import type { Subscription } from "./topic.ts";

/** Somebody who is present in a room: all connections of one account, or of one guest's key. */
export interface PresenceMember {
  /** The same for as long as it is here, and when it comes back with the same key; says nothing of the key itself. */
  readonly id: string;
  readonly auth: { readonly collection: string; readonly id: string } | null;
  /** What it said of itself last. */
  readonly state: unknown;
  /** Since when it is here, ISO 8601. */
  readonly since: string;
}

/** What the members of a room are told. `count` is always how many there are then. */
export type PresenceEvent =
  /** All who are here: the first that a newcomer hears. */
  | { readonly presence: "members"; readonly count: number; readonly members: readonly PresenceMember[] }
  | { readonly presence: "join" | "update" | "leave"; readonly count: number; readonly member: PresenceMember }
  /** Of a room that is too large to name its members. */
  | { readonly presence: "count"; readonly count: number };

/** What a client says of itself to be seen, in the option `presence` of its subscription. */
export interface PresenceOption {
  /** JSON of at most `MAX_PRESENCE_STATE` bytes. */
  readonly state?: unknown;
  /**
   * Tells one's own devices or tabs apart; those with the same key are one member. Without it a signed-in account is one
   * member, and each connection of a guest is.
   */
  readonly key?: string;
}

const MAX_PRESENCE_STATE = 512;
const MAX_PRESENCE_KEY = 128;

/** What a topic is about whose presence is asked for: `chat` of `@chat`; `undefined` for other topics. */
export const presenceTarget = (topic: string): string | undefined =>
  topic.startsWith("@") ? topic.slice(1) : undefined;

/** What a subscription says of its client; `undefined` where it says nothing, or nothing that can be shown. */
export function presenceOptionOf(subscription: Subscription): PresenceOption | undefined {
  const wish = readPresenceOption(subscription);
  return typeof wish === "string" ? undefined : wish;
}

/** What is wrong with what a subscription says of its client, in a sentence. */
export function presenceProblem(subscription: Subscription): string | undefined {
  const wish = readPresenceOption(subscription);
  return typeof wish === "string" ? wish : undefined;
}

function readPresenceOption({ topic, options }: Subscription): PresenceOption | string | undefined {
  const text = options.query["presence"];
  if (text === undefined || presenceTarget(topic) === undefined) return undefined;
  try {
    return validatePresence(JSON.parse(text));
  } catch {
    return "Presence is a JSON object.";
  }
}

function validatePresence(value: unknown): PresenceOption | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return "Presence is an object with a state and a key, or neither.";
  }
  const { state = null, key } = value as { state?: unknown; key?: unknown };
  if (key !== undefined && (typeof key !== "string" || key.length > MAX_PRESENCE_KEY)) {
    return `The key of a presence is a text of at most ${MAX_PRESENCE_KEY} characters.`;
  }
  if (new TextEncoder().encode(JSON.stringify(state)).length > MAX_PRESENCE_STATE) {
    return `The state of a presence may have ${MAX_PRESENCE_STATE} bytes as JSON.`;
  }
  return key === undefined ? { state } : { state, key };
}
