import type { RecordId } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import type { Reader } from "../../store/store.ts";
import type { RecordContext } from "../model/record-context.ts";
import { selectRecords } from "../query/select-records.ts";
import { undefinedIfUnreadable } from "../query/unreadable-rule.ts";

/** The rule that says who manages the accounts of a collection. `undefined` if only superusers do. */
export const manageRuleOf = (collection: Collection): string | undefined =>
  (collection.type === "auth" && collection.auth.manageRule) || undefined;

/** Those of the stored accounts that the principal manages by the collection's manage rule. */
export async function managedIds(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  ids: readonly RecordId[],
): Promise<ReadonlySet<RecordId>> {
  const rule = manageRuleOf(collection);
  if (rule === undefined || ids.length === 0) return new Set();
  const managed = await undefinedIfUnreadable(() => selectRecords(reader, context, collection, rule, ids));
  return new Set(managed?.map(({ id }) => id));
}
