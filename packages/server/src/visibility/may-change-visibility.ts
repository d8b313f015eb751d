import type { Rule } from "../collections/model/rule.ts";
import { COLLECTIONS } from "../collections/model/log-collection-change.ts";
import type { Change } from "../log/change.ts";
import { isSuperuser } from "../rules/principal.ts";
import { type Listener, listenerKey } from "./listener.ts";
import { dependenciesOfListener } from "./listener-dependencies.ts";
import { isAffectedBy } from "./affected-records.ts";
import { changesRequester } from "./account-change.ts";

/**
 * May a missed change have shown other records to the listener or, if it asks for such events, hidden them? Which ones
 * can't be found afterwards, since the records have changed again; and what was closed to it then stays closed.
 */
export function mayChangeVisibility(change: Change, listener: Listener): boolean {
  if (change.collection === COLLECTIONS) return mayCollectionChangeVisibility(change, listener);
  if (dependenciesOfListener(listener).some((dependency) => isAffectedBy(dependency, change))) return true;
  return changesRequester(change, listener.principal, (principal) =>
    listenerKey({ ...listener, principal, context: { ...listener.context, principal } }),
  );
}

function mayCollectionChangeVisibility(change: Change, { topic, principal, transitions, search }: Listener): boolean {
  if (String(change.record) !== topic.collection.id) return false;
  // One that is made again under the same name has the same id, and starts with nothing.
  if (change.action !== "update") return change.action === "delete";
  const { before, after } = change;
  if (search !== undefined && before["search"] !== after["search"]) return true;
  if (transitions) return before["listRule"] !== after["listRule"] || before["viewRule"] !== after["viewRule"];
  const rule = topic.record === undefined ? "listRule" : "viewRule";
  return !isSuperuser(principal) && mayWiden(before[rule] as Rule, after[rule] as Rule);
}

/** Can a new rule show what the old one hid? */
export const mayWiden = (before: Rule, after: Rule): boolean => before !== after && before !== "" && after !== null;
