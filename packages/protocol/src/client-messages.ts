import type { PresenceOption } from "./presence.ts";

/** What a client may say on the WebSocket, one JSON text a message. */
export type ClientMessage = SubscribeMessage | UnsubscribeMessage | AuthMessage | SyncMessage | PingMessage;

/** What comes back in the answer, for the client to tell its questions apart. */
export interface Correlated {
  readonly id?: string | number;
}

/** Values that rules and filters read: see `TopicOptions`. */
export interface SubscribeOptions {
  /** The cursor behind which the client wants to hear all; from now on without it. */
  readonly since?: string;
  readonly filter?: string;
  readonly fields?: string;
  readonly expand?: string;
  readonly transitions?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Of `@chat.*`: what the client says of itself to be seen there. */
  readonly presence?: PresenceOption;
}

export interface SubscribeMessage extends Correlated, SubscribeOptions {
  readonly type: "subscribe";
  /** One or several that share the options; a pattern that is subscribed to already gets these instead of its own. */
  readonly pattern: string | readonly string[];
}

export interface UnsubscribeMessage extends Correlated {
  readonly type: "unsubscribe";
  /** `*` stands for all. */
  readonly pattern: string | readonly string[];
}

export interface AuthMessage extends Correlated {
  readonly type: "auth";
  /** `null` or none: the client goes on as a guest. */
  readonly token?: string | null;
}

/** Asks to be told when there is something to pull for its user, or to be told no more. */
export interface SyncMessage extends Correlated {
  readonly type: "sync";
  readonly on: boolean;
}

export interface PingMessage extends Correlated {
  readonly type: "ping";
}

/** Why a text is no message, and the id that it came with, if it had one. */
export interface BadMessage extends Correlated {
  readonly type: "bad";
  readonly problem: string;
}

/** Longest id, in characters. */
const MAX_ID = 128;

/** Reads what a client said. Keys that are not known are ignored: later clients may know more. */
export function parseClientMessage(text: string): ClientMessage | BadMessage {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad("A message is one JSON object.");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) return bad("A message is one JSON object.");
  const fields = value as Readonly<Record<string, unknown>>;
  if (!isId(fields["id"])) return bad(`"id" must be a number or a text of at most ${MAX_ID} characters.`);
  const id = fields["id"] === undefined ? {} : { id: fields["id"] };
  const { type } = fields;
  if (!isType(type)) return { ...bad(`"type" must be one of ${Object.keys(MESSAGES).join(", ")}.`), ...id };
  const message = MESSAGES[type](fields);
  return typeof message === "string" ? { ...bad(message), ...id } : { ...message, ...id };
}

const bad = (problem: string): BadMessage => ({ type: "bad", problem });

type Fields = Readonly<Record<string, unknown>>;

/** Each answers with the message, or with what is wrong. */
const MESSAGES: Readonly<Record<ClientMessage["type"], (fields: Fields) => ClientMessage | string>> = {
  subscribe: readSubscribe,
  unsubscribe: ({ pattern }) => (isPatterns(pattern) ? { type: "unsubscribe", pattern } : NO_PATTERN),
  auth: ({ token }) =>
    token === undefined || token === null || typeof token === "string"
      ? { type: "auth", token: token ?? null }
      : `"token" must be a text or null.`,
  sync: ({ on = true }) => (typeof on === "boolean" ? { type: "sync", on } : `"on" must be true or false.`),
  ping: () => ({ type: "ping" }),
};

const NO_PATTERN = `"pattern" must be a text or a list of texts.`;
const TEXTS = ["since", "filter", "fields", "expand", "transitions"] as const;
const MAPS = ["query", "headers"] as const;

function readSubscribe(fields: Fields): ClientMessage | string {
  const { pattern } = fields;
  if (!isPatterns(pattern)) return NO_PATTERN;
  const wrongText = TEXTS.find((name) => !isAbsent(fields[name]) && typeof fields[name] !== "string");
  if (wrongText) return `"${wrongText}" must be a text.`;
  const wrongMap = MAPS.find((name) => !isAbsent(fields[name]) && !isTextMap(fields[name]));
  if (wrongMap) return `"${wrongMap}" must be an object of texts.`;
  const presence = fields["presence"];
  if (!isAbsent(presence) && typeof presence !== "object") return `"presence" must be an object.`;
  const given = [...TEXTS, ...MAPS].filter((name) => !isAbsent(fields[name]));
  return {
    type: "subscribe",
    pattern,
    ...Object.fromEntries(given.map((name) => [name, fields[name]])),
    ...(isAbsent(presence) ? {} : { presence: presence as PresenceOption }),
  };
}

const isType = (value: unknown): value is ClientMessage["type"] =>
  typeof value === "string" && Object.hasOwn(MESSAGES, value);

const isAbsent = (value: unknown): boolean => value === undefined || value === null;

const isId = (value: unknown): value is string | number | undefined =>
  value === undefined || typeof value === "number" || (typeof value === "string" && value.length <= MAX_ID);

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === "string");

const isPatterns = (value: unknown): value is string | readonly string[] =>
  typeof value === "string" || (isTexts(value) && value.length > 0);

const isTextMap = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && isTexts(Object.values(value));
