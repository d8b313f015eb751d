import type { Subscription } from "@headwater/protocol";
import type { Schema } from "../collections/model/schema.ts";
import type { FileStore } from "../files/file-store.ts";
import { isSuperuser, type Principal } from "../rules/principal.ts";
import { isShutOut, readListener } from "./listener.ts";
import { ALL_RECORDS } from "./record-topic.ts";
import { interpretRule } from "../records/rule-check/interpret-rule.ts";

/**
 * Why somebody may not listen to the records of a topic: the rule lets it see none, whatever they hold, or its filter
 * is none that it may ask. What is wrong with a filter is not said: that would tell what is hidden from what is not there.
 */
export type Refusal = "forbidden" | "bad_filter";

/**
 * May the principal listen at all, by the topic's rule? Each event is judged again when it comes.
 *
 * @returns `undefined` for those who may
 */
export function refusalOf(
  schema: Schema,
  files: FileStore,
  subscription: Subscription,
  principal: Principal,
): Refusal | undefined {
  if (subscription.topic === ALL_RECORDS) return refusalOfAll(subscription, principal);
  const listener = readListener(schema, files, subscription, principal);
  if (!listener || isShutOut(listener)) return "forbidden";
  const { context, topic, filter } = listener;
  return interpretRule(context, topic.collection, filter, "client") === "none" ? "bad_filter" : undefined;
}

function refusalOfAll({ options: { query } }: Subscription, principal: Principal): Refusal | undefined {
  if (!isSuperuser(principal)) return "forbidden";
  // It would be of one collection.
  return query["filter"] ? "bad_filter" : undefined;
}
