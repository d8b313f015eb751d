import type { Subscription } from "@headwater/protocol";
import type { Schema } from "../collections/model/schema.ts";
import type { FileStore } from "../files/file-store.ts";
import { decisionKey } from "../rules/analysis/decision-key.ts";
import { isSuperuser, type Principal, principalKey } from "../rules/principal.ts";
import { readsOf } from "../rules/analysis/rule-inputs.ts";
import { type RoutingValue, routingValues } from "../rules/analysis/routing-values.ts";
import type { Condition } from "../rules/resolve/condition.ts";
import { manageRuleOf } from "../records/rule-check/manage-access.ts";
import { viewKey } from "../records/present/present.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { readRecordTopic, type RecordTopic } from "./record-topic.ts";
import { conditionOf, interpretRule, matchesNothing } from "../records/rule-check/interpret-rule.ts";
import { recordScope } from "../records/rule-check/record-scope.ts";

/** A principal with one of its subscriptions, under the collections of one moment. */
export interface Listener {
  readonly topic: RecordTopic;
  readonly context: RecordContext;
  readonly principal: Principal;
  readonly subscription: Subscription;
  /** "" for a superuser; `null`: sees nothing. */
  readonly rule: string | null;
  /** "" for none; `null` for one that may not be asked. */
  readonly filter: string | null;
  /** What a record is called that becomes visible or invisible; `undefined`: its listener is not told. */
  readonly transitions: Transitions | undefined;
}

export interface Transitions {
  readonly enter: "enter" | "create";
  readonly leave: "leave" | "delete";
}

const TRANSITIONS: Readonly<Record<string, Transitions>> = {
  "enter-leave": { enter: "enter", leave: "leave" },
  "create-delete": { enter: "create", leave: "delete" },
};

/**
 * @param of the collection of the record at hand
 * @returns `undefined` for a topic that is of no records
 */
export function readListener(
  schema: Schema,
  files: FileStore,
  subscription: Subscription,
  principal: Principal,
  of?: string,
): Listener | undefined {
  const topic = readRecordTopic(schema, subscription.topic, of);
  if (!topic) return undefined;
  const { query } = subscription.options;
  const { filter = "" } = query;
  const mayName = isSuperuser(principal) || !/@(request|collection)\./.test(filter);
  return {
    topic,
    principal,
    subscription,
    context: listeningContext(schema, files, subscription, principal),
    rule: isSuperuser(principal) ? "" : topic.rule,
    filter: mayName ? filter : null,
    transitions: Object.hasOwn(query, "transitions") ? TRANSITIONS[query["transitions"]!] : undefined,
  };
}

/** What the rules that guard a subscription may ask about. */
export const listeningContext = (
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
});

/** Listeners to one subscription who are alike have equal keys: they get the same answer and the same bytes. */
export function listenerKey(listener: Listener): string {
  const { topic, subscription, principal } = listener;
  const { expand = "" } = subscription.options.query;
  const view = viewKey(principal, topic.collection, expand, topic.record);
  return `${sightKey(listener)}\n${view}`;
}

/** What besides the subscription's text decides which records a listener sees. */
function sightKey({ context, principal, topic, rule, filter }: Listener): string {
  if (rule === null || filter === null) return "nobody";
  if (isSuperuser(principal)) return `superuser/${filter === "" ? "" : principalKey(principal)}`;
  // A filter that follows a relation is guarded by the list rules of other collections, which may read who asks.
  if (filter.includes(".")) return principalKey(principal);
  const meaning = interpretRule(context, topic.collection, rule);
  if (typeof meaning === "string") return meaning === "every" ? "all" : "nobody";
  return decisionKey(meaning, recordScope(context, topic.collection), context);
}

/** Is there no record that the rule lets it see, whatever the record holds? So it is for a guest where one must sign in. */
export const isShutOut = ({ context, topic, rule }: Listener): boolean =>
  matchesNothing(context, topic.collection, rule);

/** Does what the listener sees of a record itself hang on neither the time nor other records? */
export function isSteady({ rule, filter, topic, subscription }: Listener): boolean {
  const { expand = "" } = subscription.options.query;
  const readsTime = [rule, filter].some((text) => text !== null && readsOf(text).now);
  return expand === "" && !readsTime && manageRuleOf(topic.collection) === undefined;
}

/** What a record must hold for this listener to see it, by the rule or by the filter. */
export function requiredOf(listener: Listener): RoutingValue | undefined {
  const { rule, filter } = conditionsOf(listener);
  const found = [rule, filter].flatMap((condition) => (condition ? routingValues(condition, listener.context) : []));
  // What the record holds itself is known without the database.
  return found.find(({ operand }) => operand.steps.length === 0) ?? found[0];
}

/** What its rule and its filter mean; `undefined` where there is none, or none that can be understood. */
export function conditionsOf({ context, topic: { collection }, rule, filter }: Listener): {
  readonly rule: Condition | undefined;
  readonly filter: Condition | undefined;
} {
  return {
    rule: conditionOf(context, collection, rule),
    filter: conditionOf(context, collection, filter, "client"),
  };
}
