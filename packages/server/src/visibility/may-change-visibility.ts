import { COLLECTIONS } from "../collections/model/log-collection-change.ts";
import type { Change } from "../log/change.ts";
import { type Listener, listenerKey } from "./listener.ts";
import { dependenciesOfListener } from "./listener-dependencies.ts";
import { isAffectedBy } from "./affected-records.ts";
import { changesRequester } from "./account-change.ts";

/**
 * May a missed change have shown other records to the listener, or hidden them? Which ones can't be found afterwards,
 * since the records have changed again.
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
