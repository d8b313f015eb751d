import { type Sql, sql } from "../store/sql.ts";
import type { Listener } from "./listener.ts";
import { idColumn, queryBuilder } from "../records/query/select-records.ts";
import { type RowOverride, withOverrides } from "../records/rule-check/row-override.ts";

/**
 * A subquery for the ids of all records that a listener sees.
 *
 * @param overrides records to read with these values instead of the stored ones
 * @throws RuleError for an unreadable rule or filter
 */
export function visibleIdsQuery({ context, topic, rule, filter }: Listener, overrides: readonly RowOverride[]): Sql {
  if (rule === null || filter === null) return sql`(SELECT NULL WHERE FALSE)`;
  const { collection, record } = topic;
  const query = queryBuilder(context, collection);
  if (record !== undefined) query.requireOwn(sql`${idColumn(collection)} = ${record}`);
  if (rule !== "") query.requireRule(rule, "trusted");
  if (filter !== "") query.requireRule(filter, "client");
  return sql`(${withOverrides(overrides)} SELECT ${idColumn(collection)} ${query.records().from})`;
}
