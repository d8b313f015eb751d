import { COLLECTIONS } from "../collections/model/log-collection-change.ts";
import type { Change } from "../log/change.ts";
import { type Listener, listenerKey } from "./listener.ts";
import { dependenciesOfListener } from "./listener-dependencies.ts";
import { isAffectedBy } from "./affected-records.ts";
import { changesRequester } from "./account-change.ts";

/**
 * May a change that was missed have moved more than its own record into or out of a listener's sight? Nobody can say
 * afterwards what it moved: the other records have changed since.
 */
export function mayChangeVisibility(change: Change, listener: Listener): boolean {
  const { collection, record, before, after } = change;
  if (collection === COLLECTIONS) {
    const isOfTopic = String(record) === listener.topic.collection.id;
    return isOfTopic && (before?.["listRule"] !== after?.["listRule"] || before?.["viewRule"] !== after?.["viewRule"]);
  }
  if (dependenciesOfListener(listener).some((dependency) => isAffectedBy(dependency, change))) return true;
  return changesRequester(change, listener.principal, (principal) =>
    listenerKey({ ...listener, principal, context: { ...listener.context, principal } }),
  );
}
