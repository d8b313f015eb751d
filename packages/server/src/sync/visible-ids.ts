import { anyOf } from "../records/query/find-record.ts";
import { idColumn, queryBuilder } from "../records/query/select-records.ts";
import { undefinedIfUnreadable } from "../records/query/unreadable-rule.ts";
import { EMPTY, type Sql, sql, toQuery } from "../store/sql.ts";
import type { Snapshot } from "./snapshot.ts";
import type { SyncedCollection } from "./synced-collection.ts";

/** The first ids after `after`, in order, that the requester may list. */
export const visibleIdsAfter = (
  snapshot: Snapshot,
  synced: SyncedCollection,
  after: string,
  limit: number,
): Promise<readonly string[]> =>
  selectVisibleIds(
    snapshot,
    synced,
    sql`${idColumn(synced.collection)} > ${after}`,
    sql`ORDER BY id LIMIT ${limit}`,
    // Under other rules, any number of records may be passed over.
    synced.listRule === "" ? limit : undefined,
  );

/** Those of the ids that the requester may list. */
export const visibleIdsAmong = async (
  snapshot: Snapshot,
  synced: SyncedCollection,
  ids: readonly string[],
): Promise<ReadonlySet<string>> =>
  ids.length === 0
    ? new Set()
    : new Set(await selectVisibleIds(snapshot, synced, sql`${idColumn(synced.collection)} IN ${anyOf(ids)}`, EMPTY));

/** A rule that can't be resolved shows nothing. */
async function selectVisibleIds(
  { reader, context }: Snapshot,
  { collection, listRule }: SyncedCollection,
  condition: Sql,
  order: Sql,
  stopsAfter?: number,
): Promise<readonly string[]> {
  const rows = await undefinedIfUnreadable(() => {
    const scope = queryBuilder(context, collection);
    scope.requireOwn(condition);
    if (listRule !== "") scope.requireRule(listRule, "trusted");
    const { from, distinct } = scope.records();
    const statement = sql`SELECT ${distinct ? sql`DISTINCT` : EMPTY} ${idColumn(collection)} AS id ${from} ${order}`;
    return reader.all({ ...toQuery(statement), stopsAfter });
  });
  return (rows ?? []).map(({ id }) => String(id));
}
