import type { Subscription } from "@headwater/protocol";
import type { Schema } from "../collections/model/schema.ts";
import type { FileStore } from "../files/file-store.ts";
import { isSuperuser, type Principal } from "../rules/principal.ts";
import { isExcluded, readListener } from "./listener.ts";
import { ALL_RECORDS } from "./record-topic.ts";
import { interpretRule } from "../records/rule-check/interpret-rule.ts";

/**
 * Why a principal may not listen to a topic of records. `forbidden`: the topic's rule lets it see none, whatever the
 * records hold. `bad_filter`: its filter is unreadable, or names what it may not filter by. Which of these is not said,
 * since that would reveal whether a hidden field exists. `bad_search`: the collection has no search index, or the search is too
 * long.
 */
export type SubscriptionRefusal = "forbidden" | "bad_filter" | "bad_search";

/**
 * May the principal subscribe, by the topic's rule? The rule is evaluated again for each event.
 *
 * @returns `undefined` if it may
 */
export function subscriptionRefusal(
  schema: Schema,
  files: FileStore,
  subscription: Subscription,
  principal: Principal,
): SubscriptionRefusal | undefined {
  if (subscription.topic === ALL_RECORDS) return allRecordsRefusal(subscription, principal);
  const listener = readListener(schema, files, subscription, principal);
  if (!listener || isExcluded(listener)) return "forbidden";
  const { context, topic, filter, search } = listener;
  if (search === null) return "bad_search";
  return interpretRule(context, topic.collection, filter, "client") === "none" ? "bad_filter" : undefined;
}

function allRecordsRefusal(
  { options: { query } }: Subscription,
  principal: Principal,
): SubscriptionRefusal | undefined {
  if (!isSuperuser(principal)) return "forbidden";
  if (query["search"]) return "bad_search";
  // A filter names fields of one collection.
  return query["filter"] ? "bad_filter" : undefined;
}
