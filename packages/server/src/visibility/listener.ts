import type { Subscription, TopicOptions } from "@headwater/protocol";
import type { Schema } from "../collections/model/schema.ts";
import type { FileStore } from "../files/file-store.ts";
import { decisionKey } from "../rules/analysis/decision-key.ts";
import { isSuperuser, type Principal, principalKey } from "../rules/principal.ts";
import { requestUsage } from "../rules/analysis/request-usage.ts";
import { type RoutingValue, routingValues } from "../rules/analysis/routing-values.ts";
import type { Condition } from "../rules/resolve/condition.ts";
import { manageRuleOf } from "../records/rule-check/manage-rule.ts";
import { presentationKey } from "../records/present/present.ts";
import type { AnswerLimits, RecordContext } from "../records/model/record-context.ts";
import { readRecordTopic, type RecordTopic } from "./record-topic.ts";
import { conditionOf, interpretRule, excludesRequester } from "../records/rule-check/interpret-rule.ts";
import { recordScope } from "../records/model/record-scope.ts";
import { requestedSearch, type Search, SearchError } from "../records/search/search.ts";
import type { Rule } from "../collections/model/rule.ts";

/** A principal with one of its subscriptions, under one version of the schema. */
export interface Listener {
  readonly topic: RecordTopic;
  readonly context: RecordContext;
  readonly principal: Principal;
  readonly subscription: Subscription;
  /** "" for a superuser; `null` if only superusers see the topic's records. */
  readonly rule: Rule;
  /** "" for none; `null` for a filter that names what this principal may not filter by. */
  readonly filter: Rule;
  /** `undefined` for none; `null` for one that can't be answered. */
  readonly search: Search | undefined | null;
  /** The actions for records that become visible or hidden; `undefined` if the subscription doesn't ask for them. */
  readonly transitions: Transitions | undefined;
}

export interface Transitions {
  readonly enter: "enter" | "create";
  readonly leave: "leave" | "delete";
}

/** By the value of a subscription's `transitions` option. */
const TRANSITIONS: Readonly<Record<string, Transitions>> = {
  "enter-leave": { enter: "enter", leave: "leave" },
  "create-delete": { enter: "create", leave: "delete" },
};

/**
 * @param changed the id of the changed record's collection, which decides what the topic `*` means
 * @returns `undefined` for a topic that isn't about records
 */
export function readListener(
  schema: Schema,
  files: FileStore,
  subscription: Subscription,
  principal: Principal,
  changed?: string,
): Listener | undefined {
  const topic = readRecordTopic(schema, subscription.topic, changed);
  if (!topic) return undefined;
  const { query } = subscription.options;
  const { filter = "" } = query;
  const rule = isSuperuser(principal) ? "" : topic.rule;
  const isAllowed = isSuperuser(principal) || !/@(request|collection)\./.test(filter);
  return {
    topic,
    principal,
    subscription,
    context: listenerContext(schema, files, subscription, principal),
    rule,
    filter: isAllowed ? filter : null,
    search: query["search"] ? searchOf(topic, query, isSuperuser(principal)) : undefined,
    transitions: Object.hasOwn(query, "transitions") ? TRANSITIONS[query["transitions"]!] : undefined,
  };
}

function searchOf(
  { collection, rule }: RecordTopic,
  query: TopicOptions["query"],
  seesHidden: boolean,
): Listener["search"] {
  try {
    return requestedSearch(collection, rule, query, seesHidden);
  } catch (error) {
    if (error instanceof SearchError) return null;
    throw error;
  }
}

/** The listener without what its client looks for: whom it is shown to is decided by the rule. */
export const withoutFilters = (listener: Listener): Listener => ({ ...listener, filter: "", search: undefined });

/** What rules can read while they are evaluated for a subscription. */
export const listenerContext = (
  schema: Schema,
  files: FileStore,
  { options: { query, headers } }: Subscription,
  principal: Principal,
): RecordContext => ({
  principal,
  context: "realtime",
  method: "GET",
  query,
  headers,
  body: {},
  schema,
  now: new Date(),
  files,
  background: (work) => void work(),
  answerLimits: (query["expand"] ?? "") === "" ? NO_LIMITS : EXPAND_LIMITS,
});

/** A record that could be stored can be sent. */
const NO_LIMITS: AnswerLimits = { bytes: 0, expanded: 0 };
/** Events with more are a resync: every change of the record would be as large. */
const EXPAND_LIMITS: AnswerLimits = { bytes: 1 << 20, expanded: 1_000 };

/** Listeners to the same subscription with equal keys see the same records and get the same bytes. */
export function listenerKey(listener: Listener): string {
  const { topic, subscription, principal } = listener;
  const { expand = "" } = subscription.options.query;
  const presentation = presentationKey(principal, topic.collection, expand, topic.record);
  return `${visibilityKey(listener)}\n${presentation}`;
}

/** Everything but the subscription's text that decides which records a listener sees. */
function visibilityKey({ context, principal, topic, rule, filter, search }: Listener): string {
  if (rule === null || filter === null || search === null) return "nobody";
  if (isSuperuser(principal)) return `superuser/${filter === "" ? "" : principalKey(principal)}`;
  // A filter that follows a relation must meet the list rules of other collections, which may read the requester.
  if (filter.includes(".")) return principalKey(principal);
  const meaning = interpretRule(context, topic.collection, rule);
  if (typeof meaning === "string") return meaning === "every" ? "all" : "nobody";
  return decisionKey(meaning, recordScope(context, topic.collection), context);
}

/** Does the topic's rule exclude this listener, whatever the records hold? E.g. a guest where one must sign in. */
export const isExcluded = ({ context, topic, rule }: Listener): boolean =>
  excludesRequester(context, topic.collection, rule);

/** Do the listener's events depend on the changed record alone, neither on the time nor on other records? */
export function isCacheable({ rule, filter, topic, subscription }: Listener): boolean {
  const { expand = "" } = subscription.options.query;
  const readsTime = [rule, filter].some((text) => text !== null && requestUsage(text).now);
  return expand === "" && !readsTime && manageRuleOf(topic.collection) === undefined;
}

/** A value that a record must hold for this listener to see it, by the rule or by the filter. */
export function routingValueOf(listener: Listener): RoutingValue | undefined {
  const { rule, filter } = conditionsOf(listener);
  const found = [rule, filter].flatMap((condition) => (condition ? routingValues(condition, listener.context) : []));
  // A field of the record itself is preferred: it needs no query.
  return found.find(({ operand }) => operand.steps.length === 0) ?? found[0];
}

/** The conditions of the rule and the filter; `undefined` for one that matches every record or none. */
export function conditionsOf({ context, topic: { collection }, rule, filter }: Listener): {
  readonly rule: Condition | undefined;
  readonly filter: Condition | undefined;
} {
  return {
    rule: conditionOf(context, collection, rule),
    filter: conditionOf(context, collection, filter, "client"),
  };
}
