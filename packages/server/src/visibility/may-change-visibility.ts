import type { RecordValues } from "@headwater/protocol";
import { COLLECTIONS } from "../collections/model/change-of-collection.ts";
import type { Change } from "../log/change.ts";
import { principalOf } from "../rules/principal.ts";
import { type Listener, listenerKey } from "./listener.ts";
import { dependenciesOfListener } from "./listener-dependencies.ts";
import { isAffectedBy } from "./affected-records.ts";

/**
 * May a change that was missed have moved more than its own record into or out of a listener's sight? Nobody can say
 * afterwards what it moved: the other records have changed since.
 */
export function mayChangeVisibility(change: Change, listener: Listener): boolean {
  const { collection, record, action, before, after } = change;
  if (collection === COLLECTIONS) {
    const isOfTopic = String(record) === listener.topic.collection.id;
    return isOfTopic && (before?.["listRule"] !== after?.["listRule"] || before?.["viewRule"] !== after?.["viewRule"]);
  }
  if (dependenciesOfListener(listener).some((dependency) => isAffectedBy(dependency, change))) return true;
  const { principal } = listener;
  if (principal.kind === "guest" || action !== "update") return false;
  if (principal.collection.id !== collection || principal.values.id !== record) return false;
  const asThen = (values: RecordValues): string => {
    const then = principalOf(principal.collection, values);
    return listenerKey({ ...listener, principal: then, context: { ...listener.context, principal: then } });
  };
  return asThen(before) !== asThen(after);
}
