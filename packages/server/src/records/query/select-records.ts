import type { RecordValues } from "@headwater/protocol";
import type { Collection, Rule } from "../../collections/model/collection.ts";
import { forbidden } from "../../lib/api-error.ts";
import { isSuperuser } from "../../rules/principal.ts";
import { QueryScope } from "../../rules/sql/collection-query-builder.ts";
import { EMPTY, type Sql, sql } from "../../store/sql.ts";
import type { Reader } from "../../store/store.ts";
import { readRow } from "../model/columns.ts";
import type { RecordContext } from "../model/record-context.ts";
import { undefinedIfUnreadable } from "./unreadable-rule.ts";

/**
 * The rule that this principal is held to: none for a superuser.
 * @throws ApiError 403 when the rule leaves the action to superusers
 */
export function ruleFor({ principal }: RecordContext, rule: Rule): string {
  if (isSuperuser(principal)) return "";
  if (rule === null) throw forbidden("Only superusers can perform this action.");
  return rule;
}

export const queryScope = (context: RecordContext, collection: Collection): QueryScope =>
  new QueryScope({ schema: context.schema, collection, context, now: context.now });

export const allOf = (conditions: readonly Sql[]): Sql => sql.join([sql`TRUE`, ...conditions], sql` AND `);

/**
 * The stored records that meet a condition and a rule.
 *
 * @param rule "" for no rule
 * @param condition on the collection's own columns, see `idIn`
 * @throws RuleError for a rule that can't be understood, even if no record would meet the condition
 */
export async function selectRecords(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  rule: string,
  condition: Sql,
): Promise<RecordValues[]> {
  const scope = queryScope(context, collection);
  const conditions = rule === "" ? [condition] : [condition, scope.condition(rule, "trusted")];
  const table = sql.table(collection.name);
  const rows = await reader.all(
    sql`SELECT ${scope.distinct ? sql`DISTINCT` : EMPTY} ${table}.* FROM ${table} ${scope.joins} WHERE ${allOf(conditions)}`,
  );
  return rows.map((row) => readRow(collection, row));
}

/** The one record, if it meets the rule. A rule that can't be understood or run is met by none. */
export async function selectRecord(
  reader: Reader,
  context: RecordContext,
  collection: Collection,
  rule: string,
  id: string,
): Promise<RecordValues | undefined> {
  return undefinedIfUnreadable(
    async () => (await selectRecords(reader, context, collection, rule, idIs(collection, id)))[0],
  );
}

export const idOf = (collection: Collection): Sql => sql.id(collection.name, "id");

const idIs = (collection: Collection, id: string): Sql => sql`${idOf(collection)} = ${id}`;
