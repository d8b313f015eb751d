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

/** What a client says to be present. */
export interface PresenceWish {
  /** JSON of at most `MAX_PRESENCE_STATE` bytes. */
  readonly state?: unknown;
  /**
   * Tells one's own devices or tabs apart; those with the same key are one member. Without it a signed-in account is one
   * member, and each connection of a guest is.
   */
  readonly key?: string;
}

export const MAX_PRESENCE_STATE = 1_024;
export const MAX_PRESENCE_KEY = 128;

/** Reads a wish; a sentence says what is wrong with it. */
export function readPresenceWish(value: unknown): PresenceWish | string {
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
