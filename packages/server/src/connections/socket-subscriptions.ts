import {
  channelOfTopic,
  headerName,
  NO_OPTIONS,
  parseSubscription,
  presenceTarget,
  presenceProblem,
  type ServerMessage,
  type SocketErrorCode,
  type SubscribedMessage,
  type SubscribeMessage,
  type Subscription,
  type TopicOptions,
  type UnsubscribeMessage,
} from "@headwater/protocol";
import { oneOrByName } from "../hub/replay/replay.ts";
import type { Session } from "../hub/session.ts";
import type { Cursor } from "../log/cursors.ts";
import { subscriptionRefusal } from "../visibility/subscription-refusal.ts";
import type { Principal } from "../rules/principal.ts";
import type { ConnectionContext } from "./connection-context.ts";
import { minus, plus, usageOf } from "./client-quotas.ts";
import { type PatternError, resolvePattern } from "./resolve-pattern.ts";
import { isSubscriptionTooLong, MAX_SUBSCRIPTION_BYTES, socketSubscription } from "./subscription-cache.ts";

/** Sends the replies to one message. */
export interface Replies {
  readonly reply: (message: ServerMessage) => void;
  readonly refuse: (code: SocketErrorCode, problem: string, pattern?: string) => void;
}

/**
 * Adds subscriptions to a connection. Call between two changes, so that they take effect at once. A pattern that is refused
 * does not affect the others.
 */
export function subscribe(
  session: Session<Principal>,
  message: SubscribeMessage,
  context: ConnectionContext,
  { reply, refuse }: Replies,
): void {
  const since = readSince(message, context);
  if (since === "bad_cursor") return refuse(since, `"since" must be a cursor from this server.`);
  const { hub, cursors, config, quotas } = context;
  const options = optionsOf(message);
  const all = byPattern(session);
  let used = usageOf(session.subscriptions);
  const added: Pick<SubscribedMessage, "pattern" | "kind">[] = [];
  const byName = new Map<string, Cursor>();
  for (const pattern of patternsOf(message)) {
    const parsed = readSubscription(pattern, options, session.principal, context);
    if ("code" in parsed) refuse(parsed.code, parsed.problem, pattern);
    else if (!all.has(pattern) && all.size >= config.limits.socketSubscriptions) {
      refuse(
        "limit_subscriptions",
        `A connection may have at most ${config.limits.socketSubscriptions} subscriptions.`,
        pattern,
      );
    } else {
      const next = plus(minus(used, all.get(pattern)), parsed.subscription);
      const refusal = quotas.set(session, session.principal, next);
      if (refusal) {
        refuse(refusal.limit, refusal.problem, pattern);
        continue;
      }
      used = next;
      all.set(pattern, parsed.subscription);
      const cursor = since?.(pattern);
      if (cursor) byName.set(parsed.subscription.name, cursor);
      added.push({ pattern, kind: parsed.kind });
    }
  }
  if (added.length === 0) return;
  hub.subscribe(session, session.principal, [...all.values()], since && oneOrByName(byName));
  // While the session catches up, no cursor is true for all of its subscriptions.
  const position = session.replay ? {} : { cursor: cursors.format(hub.seq) };
  for (const one of added) reply({ type: "subscribed", ...one, ...position });
}

/** @returns the cursor of each pattern, `undefined` if there is none */
function readSince(
  { since, pattern }: SubscribeMessage,
  { cursors }: ConnectionContext,
): ((pattern: string) => Cursor | undefined) | "bad_cursor" | undefined {
  if (since === undefined) return undefined;
  if (typeof since === "string") {
    const cursor = cursors.read(since);
    return cursor ? () => cursor : "bad_cursor";
  }
  const byPattern = new Map(since.map((text, i) => [pattern[i]!, text === null ? null : cursors.read(text)]));
  if ([...byPattern.values()].includes(undefined)) return "bad_cursor";
  return (each) => byPattern.get(each) ?? undefined;
}

/** Removes subscriptions. Call between two changes, so that no event of theirs follows the reply. */
export function unsubscribe(
  session: Session<Principal>,
  message: UnsubscribeMessage,
  { hub, quotas }: ConnectionContext,
  { reply }: Replies,
): void {
  const patterns = patternsOf(message);
  const left = patterns.has("*") ? [] : session.subscriptions.filter(({ label }) => !patterns.has(label));
  if (left.length < session.subscriptions.length) {
    quotas.set(session, session.principal, usageOf(left));
    hub.subscribe(session, session.principal, left);
  }
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
  { registry, files, visibility }: ConnectionContext,
): { readonly kind: SubscribedMessage["kind"]; readonly subscription: Subscription } | PatternError {
  const schema = registry.current;
  // A pattern can carry its own options, as topics on an event stream do, and then occur more than once.
  const { topic: bare, options: own } = parseSubscription(pattern);
  const target = resolvePattern(bare, schema);
  if ("code" in target) return target;
  const { kind, topic } = target;
  // Different options must give different names: subscribers with the same name share their events.
  const isBare = bare === pattern && options === NO_OPTIONS;
  const name = isBare ? pattern : `${pattern}?options=${JSON.stringify(options)}`;
  if (isSubscriptionTooLong(name)) {
    const problem = `A subscription may be at most ${MAX_SUBSCRIPTION_BYTES} bytes long, options included.`;
    return { code: "limit_subscription", problem };
  }
  const subscription = socketSubscription({ name, label: pattern, topic, options: merge(own, options) });
  const problem = presenceProblem(subscription);
  if (problem !== undefined) return { code: "bad_presence", problem };
  // Presence in a channel or at a record is for clients that may subscribe to it.
  const guarded = kind === "presence" ? { ...subscription, topic: presenceTarget(topic)! } : subscription;
  const channel = kind === "channel" || kind === "presence" ? channelOfTopic(guarded.topic) : undefined;
  const refusal =
    channel === undefined
      ? subscriptionRefusal(schema, files, guarded, principal)
      : visibility.isExcludedFrom(channel, subscription, principal)
        ? "forbidden"
        : undefined;
  return refusal ? { code: refusal, problem: REFUSALS[refusal] } : { kind, subscription };
}

const REFUSALS = {
  forbidden: "The connection may not subscribe to this.",
  bad_filter: "The filter is not valid for this subscription.",
  bad_search:
    'The search is too long, or the collection has no search index, which the option "search" of the collection adds.',
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
