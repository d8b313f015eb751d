import { anyOf } from "../records/query/find-record.ts";
import type { RecordContext } from "../records/model/record-context.ts";
import { allOf, idOf, orNone, scopeOf } from "../records/query/select-records.ts";
import { EMPTY, type Sql, sql } from "../store/sql.ts";
import type { Reader } from "../store/store.ts";
import type { SyncedCollection } from "./synced-collection.ts";

/** The first ids, in their order, of what the principal may list above one. */
export const visibleAbove = (
  reader: Reader,
  context: RecordContext,
  synced: SyncedCollection,
  after: string,
  limit: number,
): Promise<readonly string[]> =>
  visibleIds(reader, context, synced, sql`${idOf(synced.collection)} > ${after}`, sql`ORDER BY id LIMIT ${limit}`);

/** Those of the ids that the principal may list. */
export const visibleAmong = async (
  reader: Reader,
  context: RecordContext,
  synced: SyncedCollection,
  ids: readonly string[],
): Promise<ReadonlySet<string>> =>
  ids.length === 0
    ? new Set()
    : new Set(await visibleIds(reader, context, synced, sql`${idOf(synced.collection)} IN ${anyOf(ids)}`, EMPTY));

/** A rule that can't be understood shows nothing. */
async function visibleIds(
  reader: Reader,
  context: RecordContext,
  { collection, rule }: SyncedCollection,
  condition: Sql,
  order: Sql,
): Promise<readonly string[]> {
  const rows = await orNone(() => {
    const scope = scopeOf(context, collection);
    const conditions = rule === "" ? [condition] : [condition, scope.condition(rule, "trusted")];
    return reader.all(
      sql`SELECT ${scope.distinct ? sql`DISTINCT` : EMPTY} ${idOf(collection)} AS id
        FROM ${sql.table(collection.name)} ${scope.joins} WHERE ${allOf([...conditions, ...scope.extraConditions])} ${order}`,
    );
  });
  return (rows ?? []).map(({ id }) => String(id));
}
