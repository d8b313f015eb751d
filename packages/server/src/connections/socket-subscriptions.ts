import {
  channelOfTopic,
  formatCursor,
  headerName,
  NO_OPTIONS,
  parseCursor,
  parseSubscription,
  presenceOf,
  presenceProblem,
  type ServerMessage,
  type SocketErrorCode,
  type SubscribedMessage,
  type SubscribeMessage,
  type Subscription,
  type TopicOptions,
  type UnsubscribeMessage,
} from "@headwater/protocol";
import { LRUCache } from "lru-cache";
import type { Session } from "../hub/session.ts";
import { refusalOf } from "../visibility/may-listen.ts";
import type { Principal } from "../rules/principal.ts";
import type { ApiContext } from "../http/api-context.ts";
import { type BadTarget, targetOf } from "./subscription-target.ts";

/** Where the answers to one request go. */
export interface Replies {
  readonly reply: (message: ServerMessage) => void;
  readonly refuse: (code: SocketErrorCode, problem: string, pattern?: string) => void;
}

/** Bytes of one subscription, options included. */
const MAX_BYTES = 2_500;

/**
 * Adds to what a connection listens to. Called between two changes: nothing of it can be another by the time that it
 * counts. One pattern that is refused keeps none of the others out.
 */
export function subscribe(
  session: Session<Principal>,
  message: SubscribeMessage,
  deps: ApiContext,
  { reply, refuse }: Replies,
): void {
  const since = message.since === undefined ? undefined : parseCursor(message.since);
  if (message.since !== undefined && !since) return refuse("bad_cursor", `"since" is no cursor of this server's.`);
  const { hub, epoch, config } = deps;
  const options = optionsOf(message);
  const all = byPattern(session);
  const added: Pick<SubscribedMessage, "pattern" | "kind">[] = [];
  for (const pattern of patternsOf(message)) {
    const read = readSubscription(pattern, options, session.principal, deps);
    if ("code" in read) refuse(read.code, read.problem, pattern);
    else if (!all.has(pattern) && all.size >= config.limits.socketSubscriptions) {
      refuse(
        "limit_subscriptions",
        `A connection may have ${config.limits.socketSubscriptions} subscriptions.`,
        pattern,
      );
    } else {
      all.set(pattern, read.subscription);
      added.push({ pattern, kind: read.kind });
    }
  }
  if (added.length === 0) return;
  hub.subscribe(session, session.principal, [...all.values()], since);
  // While it is given what it missed, no place is behind it for all of its subscriptions.
  const place = session.hold ? {} : { cursor: formatCursor({ epoch, seq: hub.seq }) };
  for (const one of added) reply({ type: "subscribed", ...one, ...place });
}

/** Takes from what a connection listens to. Called between two changes; after the answer nothing of it comes any more. */
export function unsubscribe(
  session: Session<Principal>,
  message: UnsubscribeMessage,
  { hub }: ApiContext,
  { reply }: Replies,
): void {
  const patterns = patternsOf(message);
  const left = patterns.has("*") ? [] : session.subscriptions.filter(({ label }) => !patterns.has(label));
  if (left.length < session.subscriptions.length) hub.subscribe(session, session.principal, left);
  for (const pattern of patterns) reply({ type: "unsubscribed", pattern });
}

const patternsOf = ({ pattern }: SubscribeMessage | UnsubscribeMessage): ReadonlySet<string> =>
  new Set(typeof pattern === "string" ? [pattern] : pattern);

const byPattern = ({ subscriptions }: Session<Principal>): Map<string, Subscription> =>
  new Map(subscriptions.map((subscription) => [subscription.label, subscription]));

function readSubscription(
  pattern: string,
  options: TopicOptions,
  principal: Principal,
  { registry, files, visibility }: ApiContext,
): { readonly kind: SubscribedMessage["kind"]; readonly subscription: Subscription } | BadTarget {
  const schema = registry.current;
  // As topics on a stream: with options of its own, a pattern can be there more than once.
  const { topic: bare, options: own } = parseSubscription(pattern);
  const target = targetOf(bare, schema);
  if ("code" in target) return target;
  const { kind, topic } = target;
  // No other pattern with other options may come to the same name: listeners of one name share what they are told.
  const isBare = bare === pattern && options === NO_OPTIONS;
  const name = isBare ? pattern : `${pattern}?options=${JSON.stringify(options)}`;
  if (Buffer.byteLength(name) > MAX_BYTES) {
    return { code: "limit_subscription", problem: `A subscription may have ${MAX_BYTES} bytes, options included.` };
  }
  const subscription = shared({ name, label: pattern, topic, options: merge(own, options) });
  const problem = presenceProblem(subscription);
  if (problem !== undefined) return { code: "bad_presence", problem };
  const listened = kind === "presence" ? { ...subscription, topic: presenceOf(topic)! } : subscription;
  const channel = kind === "channel" || kind === "presence" ? channelOfTopic(listened.topic) : undefined;
  const refusal =
    channel === undefined
      ? refusalOf(schema, files, listened, principal)
      : visibility.isShutOutOf(channel, subscription, principal)
        ? "forbidden"
        : undefined;
  return refusal ? { code: refusal, problem: REFUSALS[refusal] } : { kind, subscription };
}

const REFUSALS = {
  forbidden: "The connection may not listen to that.",
  bad_filter: "The filter can't be asked of that.",
};

const merge = (own: TopicOptions, given: TopicOptions): TopicOptions =>
  own === NO_OPTIONS
    ? given
    : { query: { ...own.query, ...given.query }, headers: { ...own.headers, ...given.headers } };

function optionsOf({ query, headers, filter, fields, expand, transitions, presence }: SubscribeMessage): TopicOptions {
  const seen = presence && JSON.stringify(presence);
  const given = Object.entries({ ...query, filter, fields, expand, transitions, presence: seen }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== "",
  );
  if (given.length === 0 && !headers) return NO_OPTIONS;
  const named = Object.entries(headers ?? {}).map(([name, value]) => [headerName(name), value]);
  return { query: Object.fromEntries(given), headers: Object.fromEntries(named) };
}

const recent = new LRUCache<string, Subscription>({ max: 5_000 });

/** Thousands subscribe to the same: they share one object, and its texts. */
function shared(subscription: Subscription): Subscription {
  const key = `${subscription.topic}\n${subscription.name}`;
  const known = recent.get(key);
  if (!known) recent.set(key, subscription);
  return known ?? subscription;
}
