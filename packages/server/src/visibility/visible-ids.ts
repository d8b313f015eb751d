import { QueryScope } from "../rules/sql/collection-query-builder.ts";
import { type Sql, sql } from "../store/sql.ts";
import type { Listener } from "./listener.ts";
import { allOf, idOf } from "../records/query/select-records.ts";
import { type RowOverride, withOverrides } from "../records/rule-check/row-override.ts";

/**
 * The ids of all records that a listener sees, as a subquery.
 *
 * @param standIns records that are found as they are here, not as they are stored
 * @throws RuleError for a rule or a filter that can't be understood
 */
export function visibleIds({ context, topic, rule, filter }: Listener, standIns: readonly RowOverride[]): Sql {
  if (rule === null || filter === null) return sql`(SELECT NULL WHERE FALSE)`;
  const { collection, record } = topic;
  const scope = new QueryScope({ schema: context.schema, collection, context, now: context.now });
  const conditions: Sql[] = [];
  if (record !== undefined) conditions.push(sql`${idOf(collection)} = ${record}`);
  if (rule !== "") conditions.push(scope.condition(rule, "trusted"));
  if (filter !== "") conditions.push(scope.condition(filter, "client"));
  const where = allOf([...conditions, ...scope.extraConditions]);
  return sql`(${withOverrides(standIns)} SELECT ${idOf(collection)} FROM ${sql.table(collection.name)} ${scope.joins} WHERE ${where})`;
}
