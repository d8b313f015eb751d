import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { Reader } from "../../store/store.ts";
import { managedIds, manageRuleOf } from "../rule-check/manage-access.ts";
import type { RecordContext } from "../model/record-context.ts";
import { canSee } from "../rule-check/check-access.ts";

/**
 * Of which records the principal sees the email: those that show it to all, its own, and those it manages.
 * One query for all records.
 */
export async function emailViewer(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  records: readonly RecordValues[],
): Promise<(record: RecordValues) => boolean> {
  if (collection.type !== "auth" || isSuperuser(context.principal)) return () => true;
  const own = context.principal.kind === "guest" ? undefined : context.principal.values.id;
  const isOpen = (record: RecordValues): boolean => record["emailVisibility"] === true || record.id === own;
  const rest = records.filter((record) => !isOpen(record));
  if (rest.length === 0 || manageRuleOf(collection) === undefined) return isOpen;
  const managed = await managedAmong(reader, context, collection, rest);
  return (record) => isOpen(record) || managed.has(record.id);
}

/** The record of an event may be gone, or have become another since. */
async function managedAmong(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  records: readonly RecordValues[],
): Promise<ReadonlySet<string>> {
  if (context.context !== "realtime")
    return managedIds(
      reader,
      context,
      collection,
      records.map(({ id }) => id),
    );
  const managed = new Set<string>();
  for (const record of records) {
    if (await canSee(reader, context, collection, manageRuleOf(collection)!, record)) managed.add(record.id);
  }
  return managed;
}
