/** What may follow `?options=` in a subscription: values for `@request.*`, and `filter`, `expand`, `fields`. */
export interface TopicOptions {
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower snake case, as rules spell them. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A subscription as it was submitted, and what it means. */
export interface Subscription {
  /** The exact text, options included: equal for equal subscriptions. */
  readonly name: string;
  /** What its events call it. On a stream that is the name, since SDKs listen for it. */
  readonly label: string;
  readonly topic: string;
  readonly options: TopicOptions;
}

export const NO_OPTIONS: TopicOptions = { query: {}, headers: {} };

/** What is for everyone: every session has it from its first subscriptions on, without asking. */
export const GLOBAL_SUBSCRIPTION: Subscription = { name: "", label: "*", topic: "", options: NO_OPTIONS };

/** What a channel may be called. */
const CHANNEL = /^([\w:-]{1,255})(?:\/\*)?$/;

/** The channel that a topic names, with or without `/*`; `undefined` for one that names none. */
export const channelOfTopic = (topic: string): string | undefined => CHANNEL.exec(topic)?.[1];

/** Can a channel be called so? */
export const isChannelName = (name: string): boolean => channelOfTopic(name) === name;

/**
 * Splits `posts/*?options={…}` into topic and options, as PocketBase does.
 * Options that can't be read count as none; the topic stands all the same.
 */
export function parseSubscription(name: string): Subscription {
  const at = name.search(/[?&]options=/);
  if (at < 0) return { name, label: name, topic: name, options: NO_OPTIONS };
  return { name, label: name, topic: name.slice(0, at), options: parseOptions(name.slice(at + "?options=".length)) };
}

function parseOptions(encoded: string): TopicOptions {
  try {
    const raw: unknown = JSON.parse(decodeURIComponent(encoded));
    if (typeof raw !== "object" || raw === null) return NO_OPTIONS;
    const { query, headers } = raw as { query?: unknown; headers?: unknown };
    return {
      query: stringMap(query, (key) => key),
      headers: stringMap(headers, headerName),
    };
  } catch {
    return NO_OPTIONS;
  }
}

function stringMap(raw: unknown, rename: (key: string) => string): Record<string, string> {
  if (typeof raw !== "object" || raw === null) return {};
  return Object.fromEntries(Object.entries(raw).map(([key, value]) => [rename(key), text(value)]));
}

/** JSON's numbers and booleans in their own spelling, nothing for `null`. */
function text(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null ? "" : JSON.stringify(value);
}

/** `X-Token` becomes `x_token`: the spelling of `@request.headers.*`. */
export const headerName = (name: string): string => name.toLowerCase().replaceAll("-", "_");
