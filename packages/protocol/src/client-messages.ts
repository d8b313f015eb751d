import type { PresenceOption } from "./presence.ts";

/** A message from the client on the WebSocket: one JSON object each. */
export type ClientMessage = SubscribeMessage | UnsubscribeMessage | AuthMessage | SyncMessage | PingMessage;

/** The server copies `id` to every response to the message. */
export interface Correlated {
  readonly id?: string | number;
}

/** See `TopicOptions`. */
export interface SubscribeOptions {
  /**
   * Replays all changes after this cursor. Without it, the subscription starts now. A list has a cursor, or null, for each
   * pattern.
   */
  readonly since?: string | readonly (string | null)[];
  readonly filter?: string;
  readonly fields?: string;
  readonly expand?: string;
  readonly transitions?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** For patterns such as `@chat.*`: makes the client a member of the room. */
  readonly presence?: PresenceOption;
}

export interface SubscribeMessage extends Correlated, SubscribeOptions {
  readonly type: "subscribe";
  /** One or more patterns with the same options. A pattern that is subscribed already gets the new options. */
  readonly pattern: string | readonly string[];
}

export interface UnsubscribeMessage extends Correlated {
  readonly type: "unsubscribe";
  /** `*` means all. */
  readonly pattern: string | readonly string[];
}

export interface AuthMessage extends Correlated {
  readonly type: "auth";
  /** `null` or absent: the connection becomes a guest. */
  readonly token?: string | null;
}

/** Turns sync pokes on or off: messages that say that the user has something to pull. */
export interface SyncMessage extends Correlated {
  readonly type: "sync";
  readonly on: boolean;
  /** The rooms in which the client also wants to be poked, in place of those before; none if absent. */
  readonly rooms?: readonly string[];
}

export interface PingMessage extends Correlated {
  readonly type: "ping";
}

/** An invalid message, with its id and its pattern if those were valid. */
export interface BadMessage extends Correlated {
  readonly type: "bad";
  readonly problem: string;
  readonly pattern?: string | readonly string[];
}

/** Maximum length of an id, in characters. */
const MAX_ID = 128;

/** Parses a client message. Ignores unknown keys, so that newer clients can talk to older servers. */
export function parseClientMessage(text: string): ClientMessage | BadMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad("A message must be one JSON object.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return bad("A message must be one JSON object.");
  const fields = value as Readonly<Record<string, unknown>>;
  if (!isId(fields["id"])) return bad(`"id" must be a number or a string of at most ${MAX_ID} characters.`);
  const id = fields["id"] === undefined ? {} : { id: fields["id"] };
  const { type, pattern } = fields;
  const about = { ...id, ...(isPatterns(pattern) && { pattern }) };
  if (!isType(type)) return { ...bad(`"type" must be one of ${Object.keys(PARSERS).join(", ")}.`), ...about };
  const message = PARSERS[type](fields);
  return typeof message === "string" ? { ...bad(message), ...about } : { ...message, ...id };
}

const bad = (problem: string): BadMessage => ({ type: "bad", problem });

type Fields = Readonly<Record<string, unknown>>;

/** The parser of each type. Returns the message, or a sentence that says what is wrong. */
const PARSERS: Readonly<Record<ClientMessage["type"], (fields: Fields) => ClientMessage | string>> = {
  subscribe: parseSubscribe,
  unsubscribe: ({ pattern }) => (isPatterns(pattern) ? { type: "unsubscribe", pattern } : INVALID_PATTERN),
  auth: ({ token }) =>
    token === undefined || token === null || typeof token === "string"
      ? { type: "auth", token: token ?? null }
      : `"token" must be a string or null.`,
  sync: parseSync,
  ping: () => ({ type: "ping" }),
};

const INVALID_PATTERN = `"pattern" must be a string or a non-empty array of strings.`;
const STRINGS = ["filter", "fields", "expand", "transitions"] as const;
const MAPS = ["query", "headers"] as const;

function parseSync({ on = true, rooms }: Fields): ClientMessage | string {
  if (typeof on !== "boolean") return `"on" must be true or false.`;
  if (isAbsent(rooms)) return { type: "sync", on };
  return isStringArray(rooms)
    ? { type: "sync", on, rooms: [...new Set(rooms)] }
    : `"rooms" must be an array of strings.`;
}

function parseSubscribe(fields: Fields): ClientMessage | string {
  const { pattern } = fields;
  if (!isPatterns(pattern)) return INVALID_PATTERN;
  const invalidString = STRINGS.find((name) => !isAbsent(fields[name]) && !isText(fields[name]));
  if (invalidString) return `"${invalidString}" must be a string.`;
  const invalidMap = MAPS.find((name) => !isAbsent(fields[name]) && !isStringMap(fields[name]));
  if (invalidMap) return `"${invalidMap}" must be an object with string values.`;
  const presence = fields["presence"];
  if (!isAbsent(presence) && typeof presence !== "object") return `"presence" must be an object.`;
  const since = fields["since"];
  if (!isAbsent(since) && !isSince(since, pattern))
    return `"since" must be a string, or a list with one for each pattern.`;
  const given = [...STRINGS, ...MAPS, "since"].filter((name) => !isAbsent(fields[name]));
  return {
    type: "subscribe",
    pattern,
    ...Object.fromEntries(given.map((name) => [name, fields[name]])),
    ...(isAbsent(presence) ? {} : { presence: presence as PresenceOption }),
  };
}

const isType = (value: unknown): value is ClientMessage["type"] =>
  typeof value === "string" && Object.hasOwn(PARSERS, value);

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

const isId = (value: unknown): value is string | number | undefined =>
  value === undefined || typeof value === "number" || (typeof value === "string" && value.length <= MAX_ID);

/** Half of a surrogate pair is no text. */
const isText = (value: unknown): value is string => typeof value === "string" && value.isWellFormed();

const isStringArray = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isText);

const isPatterns = (value: unknown): value is string | readonly string[] =>
  isText(value) || (isStringArray(value) && value.length > 0);

const isSince = (value: unknown, pattern: string | readonly string[]): boolean =>
  typeof value === "string" ||
  (Array.isArray(value) &&
    typeof pattern !== "string" &&
    value.length === pattern.length &&
    value.every((item) => item === null || typeof item === "string"));

const isStringMap = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && isStringArray(Object.values(value));
