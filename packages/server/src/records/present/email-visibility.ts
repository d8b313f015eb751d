import type { RecordValues } from "@headwater/protocol";
import type { Collection } from "../../collections/model/collection.ts";
import { isSuperuser } from "../../rules/principal.ts";
import type { Reader } from "../../store/store.ts";
import { managedIds, manageRuleOf } from "../rule-check/manage-rule.ts";
import type { RecordContext } from "../model/record-context.ts";
import { meetsRule } from "../rule-check/check-access.ts";

/**
 * Decides which records show their email to the principal: those that show it to everyone, its own, and those that it
 * manages. Takes one query for all records.
 */
export async function emailVisibility(
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

/** The same for one record; `undefined` if the manage rule decides. */
export function showsEmailInMemory(
  { principal }: RecordContext,
  collection: Collection,
  record: RecordValues,
): boolean | undefined {
  if (collection.type !== "auth" || isSuperuser(principal) || record["emailVisibility"] === true) return true;
  if (principal.kind !== "guest" && principal.values.id === record.id) return true;
  return manageRuleOf(collection) === undefined ? false : undefined;
}

/** An event's record may have changed since, or be deleted: its values are evaluated, not the stored record. */
async function managedAmong(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  records: readonly RecordValues[],
): Promise<ReadonlySet<string>> {
  if (context.context !== "realtime") {
    const ids = records.map(({ id }) => id);
    return managedIds(reader, context, collection, ids);
  }
  const rule = manageRuleOf(collection)!;
  const managed = new Set<string>();
  for (const record of records) {
    if (await meetsRule(reader, { context, collection, rule, values: record })) managed.add(record.id);
  }
  return managed;
}
