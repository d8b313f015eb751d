/** The JSON after `?options=` in a subscription: values for `@request.*`, and `filter`, `expand`, `fields`. */
export interface TopicOptions {
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower snake case, as in rules. */
  readonly headers: Readonly<Record<string, string>>;
}

/** A parsed subscription. */
export interface Subscription {
  /** The exact text that the client sent, options included. */
  readonly name: string;
  /** The name of its events. On an SSE stream it equals `name`, because SDKs listen for that. */
  readonly label: string;
  readonly topic: string;
  readonly options: TopicOptions;
}

export const NO_OPTIONS: TopicOptions = { query: {}, headers: {} };

/** Receives broadcasts to everyone. Every session has it once it has sent its first subscriptions. */
export const GLOBAL_SUBSCRIPTION: Subscription = { name: "", label: "*", topic: "", options: NO_OPTIONS };

/** A channel's name, with or without `/*`. */
const CHANNEL = /^([\w:-]{1,255})(?:\/\*)?$/;

/** @returns the channel of a topic such as `chat` or `chat/*`; `undefined` if the topic is not a channel's */
export const channelOfTopic = (topic: string): string | undefined => CHANNEL.exec(topic)?.[1];

/** Whether the text is a valid channel name. */
export const isChannelName = (name: string): boolean => channelOfTopic(name) === name;

/**
 * Splits `posts/*?options={…}` into topic and options, as PocketBase does: the topic ends at the first question mark.
 * Invalid options count as no options; the topic stays valid.
 */
export function parseSubscription(name: string): Subscription {
  const end = name.indexOf("?");
  if (end < 0) return { name, label: name, topic: name, options: NO_OPTIONS };
  const parameters = name.slice(end);
  const at = parameters.search(/[?&]options=/);
  const options = at < 0 ? NO_OPTIONS : parseOptions(parameters.slice(at + "?options=".length));
  return { name, label: name, topic: name.slice(0, end), options };
}

function parseOptions(encoded: string): TopicOptions {
  try {
    const raw: unknown = JSON.parse(decodeURIComponent(encoded));
    if (typeof raw !== "object" || raw === null) return NO_OPTIONS;
    const { query, headers } = raw as { query?: unknown; headers?: unknown };
    const options = { query: stringMap(query, (key) => key), headers: stringMap(headers, headerName) };
    // Half of a surrogate pair is no text. PocketBase's decoder refuses it.
    const texts = [...Object.values(options.query), ...Object.values(options.headers)];
    return texts.every((value) => value.isWellFormed()) ? options : NO_OPTIONS;
  } catch {
    return NO_OPTIONS;
  }
}

function stringMap(raw: unknown, rename: (key: string) => string): Record<string, string> {
  if (typeof raw !== "object" || raw === null) return {};
  return Object.fromEntries(Object.entries(raw).map(([key, value]) => [rename(key), text(value)]));
}

/** Strings as they are, `null` as an empty string, anything else as JSON. */
function text(value: unknown): string {
  if (typeof value === "string") return value;
  return value === null ? "" : JSON.stringify(value);
}

/** `X-Token` becomes `x_token` and `xToken` too, as in `@request.headers.*`. */
export const headerName = (name: string): string =>
  name
    .split(/[\W_]+/)
    .filter((word) => word !== "")
    .map((word) => word.replaceAll(/([^A-Z])([A-Z])/g, "$1_$2"))
    .join("_")
    .toLowerCase();
